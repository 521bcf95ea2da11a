/* The theme looks for the list of a page's sections under a name that it no longer has, and so takes every link of the page
   for an entry of that list. Its links to views of the explorer are no selectors, and the search for them would fail. */
document.addEventListener("DOMContentLoaded", () => {
  document.body.dataset.bsTarget = "#pst-page-toc-nav";
});
