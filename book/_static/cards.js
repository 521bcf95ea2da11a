/* On a phone a row of some tables is a card, below the one before (phasebook.css). The heads of the columns are not above it
   then, so each cell keeps the head of its own. */
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.scorecard, table.plan")) {
    const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
    for (const row of table.tBodies[0].rows) heads.forEach((head, column) => (row.cells[column].dataset.head = head));
  }
});
