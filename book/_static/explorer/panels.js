/* What stands beside and below the map: the numbers of a cell, and a card for the selected and the pinned one. */
((explorer) => {
  "use strict";

  const FIRST_CLAIMS = 5;

  /** The reading whose lines name the phases: the one on the map, else that of the published figure. */
  const naming = (model, state) => model.reading(state.reading) ?? model.readings[0];

  const phaseMarkup = (phase) =>
    `<span class="explorer-phase" style="--light:${phase.colour};--dark:${phase.pale}">${phase.name}</span>`;

  /** "100 epochs = 100 000 steps; ..." */
  const steps = (model, time) => explorer.grouped(model.times[time] * model.stepsPerEpoch);

  function count(model, cell, reading) {
    return `${reading.counts[cell]} of ${reading.networks}`;
  }

  /** Rows of the table of numbers: a heading, and a function from a cell to its entry. */
  function rows(model, state) {
    const reading = naming(model, state);
    const bookEnd = model.times[model.ensembles.bookTimes - 1];
    const number = (observable) => (cell) => {
      const [mean, error] = model.at(observable, cell, state.time);
      if (Number.isFinite(mean)) return explorer.scientific(mean, error);
      return `<small>only at ${observable.times.map((k) => explorer.grouped(model.times[k])).join(" and ")}</small>`;
    };
    const rate = (cell) => {
      const t = model.times[state.time];
      const [mean, error] = model.at(model.observable("growth"), cell, state.time);
      return t > 0 ? `${explorer.scientific(mean / t, error / t)}` : "–";
    };
    return [
      ["phase", `by (4.15), “${reading.name}”`, (cell) => phaseMarkup(model.phase(cell, reading))],
      ...model.observables.map((one) => [one.title, `${explorer.markup(one.symbol)} (${one.equation})`, number(one)]),
      ["averaged rate", "<i>λ̄</i> per epoch (4.7)", rate],
      ["fulfil (4.15)", `networks, at ${bookEnd} epochs`, (cell) => count(model, cell, reading)],
      ["networks", "behind each number", (cell) => String(model.networks(cell, state.time))],
    ];
  }

  /**
   * All numbers of some cells at the time of the map.
   * @param {{cell: number, heading: string}[]} columns
   */
  function numbers(model, state, columns) {
    const head = columns
      .map(({ cell, heading }) => `<th scope="col"><small>${heading}</small>${explorer.placeMarkup(model.place(cell))}</th>`)
      .join("");
    const body = rows(model, state)
      .map(([title, detail, entry]) => {
        const entries = columns.map(({ cell }) => `<td>${entry(cell)}</td>`).join("");
        return `<tr><th scope="row">${title}<small>${detail}</small></th>${entries}</tr>`;
      })
      .join("");
    return `<table><thead><tr><td></td>${head}</tr></thead><tbody>${body}</tbody></table>`;
  }

  function claim(model, one) {
    return (
      `<li><span class="verdict verdict-${one.verdict}">${model.verdicts[one.verdict]}</span> ` +
      `<a href="${one.chapter}.html#claim-${one.id}">“${explorer.markup(one.quote)}”</a> ` +
      `<small>${explorer.markup(one.quantity)}, at <i>t</i> = ${explorer.markup(one.t)}</small></li>`
    );
  }

  /** The claims of the papers that speak of a cell. */
  function claims(model, cell) {
    const all = model.claimsOf(cell).map((one) => claim(model, one));
    if (!all.length) return "<p>No claim speaks of this cell.</p>";
    const rest = all.slice(FIRST_CLAIMS);
    const more = rest.length ? `<details><summary>${rest.length} more</summary><ul>${rest.join("")}</ul></details>` : "";
    const title = all.length === 1 ? "One claim speaks" : `${all.length} claims speak`;
    return `<h3>${title} of this cell</h3><ul>${all.slice(0, FIRST_CLAIMS).join("")}</ul>${more}`;
  }

  /**
   * Everything about one cell.
   * @param {"A" | "B"} mark
   * @param {{cells: number[], width: number, dark: boolean}} options `cells` share their axes
   * @returns {HTMLElement}
   */
  function card(model, state, cell, mark, { cells, width, dark }) {
    const phase = model.phase(cell, naming(model, state));
    const colour = dark ? phase.pale : phase.colour;
    const card = document.createElement("section");
    card.className = "explorer-card";
    card.style.setProperty("--phase", colour);
    const where = model.place(cell);
    card.setAttribute("aria-label", `${mark}: ${explorer.place(where)}`);
    card.innerHTML =
      `<h2><b class="explorer-mark">${mark}</b> ${explorer.placeMarkup(where)} ${phaseMarkup(phase)}</h2>` +
      '<div class="explorer-charts"></div><div class="explorer-claims"></div>';
    const wide = width > 620;
    card.classList.toggle("explorer-wide", wide);
    const chart = (title, className, description, draw) => {
      const figure = document.createElement("div");
      figure.className = className;
      figure.innerHTML = `<p>${title}</p>`;
      const svg = draw(wide ? (className === "flow" ? width * 0.56 : width * 0.4) : width);
      const picture = document.createElement("div");
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", description);
      svg.setAttribute("aria-hidden", "true"); // Plot names its groups for us, not for a screen reader
      picture.append(svg);
      figure.append(picture);
      card.querySelector(".explorer-charts").append(figure);
    };
    const shared = { dark, cells, colour };
    chart(
      "eigenvalues of <i>X</i>; at the right the target’s", "flow",
      `Sixteen eigenvalues against training time, ${explorer.place(where)}`,
      (w) => explorer.flow(model, state, cell, { ...shared, width: w, height: wide ? 380 : 280 }),
    );
    for (const key of ["test_error", "overlap"]) {
      const one = model.observable(key);
      const [first, last] = [model.at(one, cell, 0), model.at(one, cell, one.times.at(-1))];
      chart(
        `${one.title} ${explorer.markup(one.symbol)}`, "history",
        `${one.title} against training time, from ${explorer.scientific(...first)} to ${explorer.scientific(...last)}`,
        (w) => explorer.history(model, state, cell, key, { ...shared, width: w, height: 176 }),
      );
    }
    card.querySelector(".explorer-claims").innerHTML = claims(model, cell);
    return card;
  }

  Object.assign(explorer, { naming, steps, numbers, claims, card });
})((globalThis.PhasebookExplorer ??= {}));
