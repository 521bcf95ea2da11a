/* The selected cell, and a pinned one, against training time: eigenvalues, test error, overlap. */
((explorer) => {
  "use strict";

  /** Where t = 0 stands on the logarithmic axis, in epochs; Plot labels no tick but powers of ten. */
  const ZERO = 0.01;
  const shown = (t) => Math.max(t, ZERO);

  /** What the three charts of a cell share: the axis of time, the line at the time of the map, the look. */
  function frame(model, state, { width, height, marks, y, ends = model.times.at(-1) * 1.3 }) {
    const ticks = [ZERO, ...explorer.decades([0.1, 1e5], width < 330 ? 3 : 6)];
    return Plot.plot({
      width,
      height,
      marginLeft: 46,
      marginRight: 8,
      marginTop: 8,
      marginBottom: 38,
      style: { background: "transparent", fontSize: "12px" },
      x: {
        type: "log",
        domain: [ZERO, ends],
        ticks,
        tickFormat: (t) => (t === ZERO ? "0" : explorer.decadeText(t)),
        label: "t in epochs",
        labelArrow: "none",
      },
      y: { grid: true, label: null, ...y },
      marks: [
        Plot.ruleX([shown(model.times[state.time])], { stroke: "currentColor", strokeOpacity: 0.55, strokeDasharray: "3 3" }),
        ...marks,
      ],
    });
  }

  const logAxis = (domain) => ({
    type: "log", domain, ticks: explorer.decades(domain, 5), tickFormat: explorer.decadeText,
  });

  /** From below the least to above the greatest of positive numbers. */
  const around = (numbers) => {
    const [low, high] = d3.extent(numbers.filter((x) => x > 0));
    return [low / 1.4, high * 1.4];
  };

  /** Sixteen medians of eigenvalues against time, dark to pale from the least; dashes at the right: the target's. */
  function flow(model, state, cell, { width, height, dark, cells }) {
    const domain = around(cells.flatMap((one) => [...model.flow(one).map((d) => d.x), ...model.targetsOf(one)]));
    const [from, to] = dark ? [0.35, 1] : [0, 0.82];
    const colour = explorer.ramp(model);
    const end = model.times.at(-1);
    return frame(model, state, {
      width, height, y: logAxis(domain), ends: end * 4,
      marks: [
        Plot.line(model.flow(cell), {
          x: (d) => shown(d.t), y: "x", z: "level", strokeWidth: 1.4, sort: "t",
          stroke: (d) => colour(from + ((to - from) * d.level) / (model.levelCount - 1)),
        }),
        Plot.link([...model.targetsOf(cell)], { x1: end * 1.5, x2: end * 3.6, y: (x) => x, stroke: "currentColor", strokeWidth: 1.2 }),
      ],
    });
  }

  /** An observable of one cell against time, with a band of one standard error. */
  function history(model, state, cell, key, { width, height, colour, cells }) {
    const observable = model.observable(key);
    const every = cells.flatMap((one) => model.history(observable, one).map((d) => d.mean));
    const data = model.history(observable, cell);
    const y = observable.log ? logAxis(around(every)) : { domain: [Math.min(0, d3.min(every)), 1], ticks: 5 };
    const floor = observable.log ? y.domain[0] : -Infinity;
    const now = data.filter((d) => d.t === model.times[state.time]);
    return frame(model, state, {
      width, height, y,
      marks: [
        Plot.areaY(data, {
          x: (d) => shown(d.t), y1: (d) => Math.max(d.mean - d.error, floor), y2: (d) => d.mean + d.error,
          fill: colour, fillOpacity: 0.25, clip: true,
        }),
        Plot.line(data, { x: (d) => shown(d.t), y: "mean", stroke: colour, strokeWidth: 2, clip: true }),
        Plot.dot(now, { x: (d) => shown(d.t), y: "mean", fill: colour, r: 4 }),
      ],
    });
  }

  Object.assign(explorer, { flow, history });
})((globalThis.PhasebookExplorer ??= {}));
