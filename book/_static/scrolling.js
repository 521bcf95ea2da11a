/* What scrolls sideways, a wide table on a phone say, can be reached and scrolled with the keyboard. Which things do depends
   on the width of the window, so it is looked at in the page. */
(() => {
  const reach = () => {
    for (const box of document.querySelectorAll("article table, article pre, article .cell_output, article .claims-table")) {
      const scrolls = box.scrollWidth > box.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(box).overflowX);
      if (scrolls && !box.hasAttribute("tabindex")) box.tabIndex = 0;
    }
  };
  window.addEventListener("load", reach);
  window.addEventListener("resize", reach);
})();
