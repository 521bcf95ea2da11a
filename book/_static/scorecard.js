/* Sorting and filtering of the table of claims. Without this script it is a plain table with every row. */
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.scorecard")) {
    const rows = [...table.tBodies[0].rows];
    const chosen = {};
    const status = document.createElement("span");
    status.setAttribute("role", "status");

    const show = () => {
      let shown = 0;
      for (const row of rows) {
        row.hidden = Object.entries(chosen).some(([key, value]) => value && row.dataset[key] !== value);
        shown += row.hidden ? 0 : 1;
      }
      status.textContent = `${shown} of ${rows.length} claims`;
    };

    const filter = (key, title) => {
      const select = document.createElement("select");
      select.add(new Option("all", ""));
      for (const value of new Set(rows.map((row) => row.dataset[key]))) select.add(new Option(value, value));
      select.addEventListener("change", () => {
        chosen[key] = select.value;
        show();
      });
      const label = document.createElement("label");
      label.append(`${title} `, select);
      return label;
    };

    const bar = document.createElement("div");
    bar.className = "scorecard-filters";
    bar.append(filter("verdict", "Verdict"), filter("section", "Section"), filter("chapter", "Chapter"), status);
    table.parentElement.before(bar);

    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const falling = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        const text = (row) => row.cells[column].textContent;
        const sorted = [...rows].sort((a, b) => text(a).localeCompare(text(b), "en", { numeric: true }));
        table.tBodies[0].append(...(falling ? sorted.reverse() : sorted));
      });
    });
    show();
  }
});
