/* The map of the plane: coloured cells and lines by Observable Plot, and over them a grid of elements that a mouse, a
   finger, a keyboard and a screen reader can use. */
((explorer) => {
  "use strict";

  const MARGIN = { top: 8, right: 10, bottom: 46, left: 58 };
  /** Dashes of the contours: 68, 95 and 99.7 %, as in the figures of the book. */
  const DASHES = ["8 3 2 3", "7 4", ""];

  const powers = (values, every) => values.filter((x) => x % every === 0);

  /** The book's sequential map as a function from 0..1 to a colour. */
  const ramp = (model) => d3.piecewise(d3.interpolateRgb, model.colours);

  /** Colours of an observable, the same at all times. */
  const colourScale = (model, observable) => ({
    type: observable.log ? "log" : "linear",
    domain: observable.limits,
    interpolate: ramp(model),
    clamp: true,
    unknown: "#888",
  });

  /** Ticks of powers of ten, few enough for `room` of them. */
  function decades([low, high], room) {
    const [a, b] = [Math.ceil(Math.log10(low)), Math.floor(Math.log10(high))];
    const every = Math.max(Math.ceil((b - a + 1) / room), 1);
    return d3.range(a, b + 1).filter((k) => k % every === 0).map((k) => 10 ** k);
  }

  const decadeText = (x) => explorer.power(Math.round(Math.log10(x)), 10);

  /** One element for each stroke of a line: a dark edge below, the pale line above. */
  const haloed = (points, dash) =>
    [["#000", 4], ["#fff", 1.8]].map(([stroke, strokeWidth]) =>
      Plot.line(points, { stroke, strokeWidth, strokeDasharray: dash || null, strokeLinecap: "butt" }),
    );

  /** Contours of a reading, and the vertical line that goes with them. */
  function lines(model, reading) {
    if (!reading) return [];
    const [low, high] = [model.temperature[0] - 0.5, model.temperature.at(-1) + 0.5];
    const vertical = [[model.vertical, low], [model.vertical, high]];
    return [
      ...haloed(vertical, "1.5 4"),
      ...reading.contours.flatMap((pieces, k) => pieces.flatMap((piece) => haloed(piece, DASHES[k]))),
    ];
  }

  /** The picture alone. @returns {SVGSVGElement} */
  function picture(model, state, width) {
    const observable = model.observable(state.observable);
    const cells = model.cells.map((cell) => {
      const { t, s } = model.place(cell);
      return { t, s, value: model.at(observable, cell, state.time)[0] };
    });
    const inner = width - MARGIN.left - MARGIN.right;
    const half = 0.5;
    return Plot.plot({
      width,
      height: inner + MARGIN.top + MARGIN.bottom,
      marginTop: MARGIN.top,
      marginRight: MARGIN.right,
      marginBottom: MARGIN.bottom,
      marginLeft: MARGIN.left,
      style: { background: "transparent", fontSize: "13px" },
      x: {
        domain: [model.invSigmaW[0] - half, model.invSigmaW.at(-1) + half],
        ticks: powers(model.invSigmaW, 2),
        tickFormat: (s) => explorer.power(s),
        label: null,
      },
      y: {
        domain: [model.temperature[0] - half, model.temperature.at(-1) + half],
        ticks: powers(model.temperature, 2),
        tickFormat: (t) => explorer.power(t),
        label: null,
      },
      color: colourScale(model, observable),
      marks: [
        Plot.rect(cells, {
          x1: (d) => d.s - half, x2: (d) => d.s + half, y1: (d) => d.t - half, y2: (d) => d.t + half,
          fill: "value", inset: -0.25,
        }),
        ...lines(model, state.reading === "none" ? null : model.reading(state.reading)),
      ],
    });
  }

  /** The key to the colours. */
  function legend(model, observable, width) {
    return Plot.legend({
      color: { ...colourScale(model, observable), label: null },
      width,
      height: 40,
      marginLeft: MARGIN.left,
      marginRight: MARGIN.right,
      marginTop: 4,
      marginBottom: 22,
      ...(observable.log
        ? { ticks: decades(observable.limits, 8), tickFormat: decadeText }
        : { ticks: 6, tickFormat: (x) => String(x).replace("-", "−") }),
      style: { fontSize: "13px", overflow: "visible" },
    });
  }

  /**
   * The grid that lies over the picture. Its cells are made once; `update` of the result brings labels and marks
   * up to date.
   */
  function grid(model, { onSelect, onPin, onClear, onLook }) {
    const table = document.createElement("div");
    table.className = "explorer-grid";
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", "Phase diagram: temperature T up, 1/σ_W across");
    table.setAttribute("aria-describedby", "explorer-keys");
    const elements = [];
    for (let row = model.rows - 1; row >= 0; row -= 1) {
      const line = document.createElement("div");
      line.setAttribute("role", "row");
      for (let column = 0; column < model.columns; column += 1) {
        const cell = row * model.columns + column;
        const element = document.createElement("div");
        element.setAttribute("role", "gridcell");
        element.dataset.cell = explorer.cellName(model, cell);
        element.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && onLook(cell));
        element.addEventListener("focus", () => onLook(cell));
        element.addEventListener("click", () => onSelect(cell));
        line.append(element);
        elements[cell] = element;
      }
      table.append(line);
    }
    table.addEventListener("pointerleave", () => onLook(-1));
    table.addEventListener("focusout", (event) => {
      if (!table.contains(event.relatedTarget)) onLook(-1);
    });

    let home = 0; // the cell that takes the focus when the grid does
    const go = (cell) => {
      elements[home].tabIndex = -1;
      home = cell;
      elements[home].tabIndex = 0;
    };
    const step = (key) => {
      const [row, column] = [Math.floor(home / model.columns), home % model.columns];
      const to = {
        ArrowUp: [row + 1, column], ArrowDown: [row - 1, column],
        ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
        Home: [row, 0], End: [row, model.columns - 1],
        PageUp: [model.rows - 1, column], PageDown: [0, column],
      }[key];
      if (!to) return -1;
      const clamp = (x, count) => Math.min(Math.max(x, 0), count - 1);
      return clamp(to[0], model.rows) * model.columns + clamp(to[1], model.columns);
    };
    table.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      const next = step(event.key);
      if (next >= 0) {
        go(next);
        elements[next].focus();
      } else if (event.key === "Enter" || event.key === " ") onSelect(home);
      else if (event.key === "p" || event.key === "P") onPin(home);
      else if (event.key === "Escape") onClear();
      else return;
      event.preventDefault();
    });

    /** @param {(cell: number) => string} label what a screen reader says of a cell */
    const update = (state, label) => {
      elements.forEach((element, cell) => {
        element.tabIndex = -1;
        element.setAttribute("aria-label", label(cell));
        element.setAttribute("aria-selected", String(cell === state.cell));
        element.dataset.mark = [cell === state.cell ? "A" : "", cell === state.pin ? "B" : ""].join("");
      });
      if (!table.contains(document.activeElement) && state.cell >= 0) home = state.cell;
      elements[home].tabIndex = 0;
    };
    return { element: table, update };
  }

  Object.assign(explorer, { MARGIN, DASHES, picture, legend, grid, decades, decadeText, ramp });
})((globalThis.PhasebookExplorer ??= {}));
