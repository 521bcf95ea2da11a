/* The four pictures of the live page, drawn with uPlot: test loss and overlap, eigenvalues, features, phase diagram.

   `data` comes from the page's code cell (phasebook/figures/live.py), `holders` are the elements to draw into. Pictures
   stand on white in the dark too, as all figures of the book: their colours mean something. */
const livePlots = (uPlot, data, holders) => {
  const HEIGHT = 250;
  const INK = "#222";
  const GRID = { stroke: "#e4e4e4", width: 1 };
  const FONT = "12px system-ui, sans-serif";

  const raised = (k) => String(k).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
  const powerOfTen = (value) => value > 0 && Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6;

  const axis = (label, more = {}) => ({
    label, labelFont: FONT, font: FONT, stroke: INK, grid: GRID, ticks: { ...GRID, size: 5 }, labelSize: 18, size: 34, ...more,
  });
  const onlyDecades = (plot, splits) => {
    const every = Math.ceil(splits.filter(powerOfTen).length / 7);
    return splits.map((v) => (powerOfTen(v) && Math.round(Math.log10(v)) % every === 0 ? v : null));
  };
  const decades = (label, more = {}) =>
    axis(label, {
      filter: onlyDecades,
      grid: { ...GRID, filter: onlyDecades },
      ticks: { ...GRID, size: 5, filter: onlyDecades },
      values: (plot, splits) => splits.map((v) => (v === null ? "" : `10${raised(Math.round(Math.log10(v)))}`)),
      ...more,
    });
  const side = { size: 46 };

  /* Decades around the values; the axis of time ends at the present instead. */
  const wholeDecades = (plot, low, high) => (low > 0 ? uPlot.rangeLog(low, high, 10, true) : [1e-5, 1]);
  const timeRange = (logarithmic) => (plot, low, high) => {
    if (!logarithmic) return [0, high || 1];
    const first = low > 0 ? 10 ** Math.floor(Math.log10(low)) : 1e-3;
    return [first, Math.max(high ?? 0, 10 * first)];
  };
  const timeScale = (logarithmic) => ({ time: false, distr: logarithmic ? 3 : 1, range: timeRange(logarithmic) });
  const timeAxis = (logarithmic) => (logarithmic ? decades : axis)("time t in epochs");

  const make = (holder, options, values) => {
    holder.replaceChildren();
    const size = { width: Math.max(holder.clientWidth, 200), height: HEIGHT };
    const still = { legend: { show: false }, cursor: { show: false }, padding: [10, 12, 0, 0] };
    return new uPlot({ ...size, ...still, ...options }, values, holder);
  };
  const line = (stroke, more = {}) => ({ stroke, width: 1.75, points: { show: false }, ...more });

  /* Exponents of two across and up; the cells' colours come ready from the book's own map. */
  const heat = ({ ctx, valToPos }) => {
    const { columns, rows, colours } = data.map;
    rows.forEach((row, i) =>
      columns.forEach((column, j) => {
        const left = valToPos(column - 0.5, "x", true);
        const top = valToPos(row + 0.5, "y", true);
        ctx.fillStyle = colours[i][j];
        ctx.fillRect(left, top, valToPos(column + 0.5, "x", true) - left + 1, valToPos(row - 0.5, "y", true) - top + 1);
      }),
    );
  };

  const stroke = (ctx, colour, width, path) => {
    ctx.beginPath();
    path();
    ctx.strokeStyle = colour;
    ctx.lineWidth = width * devicePixelRatio;
    ctx.stroke();
  };

  const boundaries = ({ ctx, valToPos, scales }) => {
    const { columns, boundary, vertical } = data.map;
    const top = scales.y.max;
    const up = (temperature) => valToPos(Math.min(top, temperature === null ? -99 : Math.log2(temperature)), "y", true);
    const across = (value) => valToPos(value, "x", true);
    const wall = Math.log2(vertical);
    const path = () => {
      columns.forEach((column, j) => {
        ctx.lineTo(across(column - 0.5), up(boundary[j]));
        ctx.lineTo(across(column + 0.5), up(boundary[j]));
      });
      const under = boundary[columns.findIndex((column) => column + 0.5 >= wall)];
      ctx.moveTo(across(wall), up(under));
      ctx.lineTo(across(wall), valToPos(scales.y.min, "y", true));
    };
    stroke(ctx, "#000", 3.5, path);
    stroke(ctx, "#fff", 1.75, path);
  };

  const names = ({ ctx, bbox }) => {
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    for (const { name, colour, place } of data.phases) {
      const x = bbox.left + place[0] * bbox.width;
      const y = bbox.top + (1 - place[1]) * bbox.height;
      const width = ctx.measureText(name).width + 12 * devicePixelRatio;
      const height = 20 * devicePixelRatio;
      ctx.fillStyle = "#fff";
      ctx.fillRect(x - width / 2, y - height / 2, width, height);
      stroke(ctx, colour, 2, () => ctx.rect(x - width / 2, y - height / 2, width, height));
      ctx.fillStyle = INK;
      ctx.fillText(name, x, y);
    }
  };

  /* Where the student is, and the temperatures it has been at; a point outside the map waits at its edge. */
  let trail = [];
  const student = ({ ctx, valToPos, scales }) => {
    const inside = (value, { min, max }) => Math.min(Math.max(value, min), max);
    const places = trail.map(([x, y]) => [
      valToPos(inside(x, scales.x), "x", true),
      valToPos(inside(y, scales.y), "y", true),
    ]);
    if (!places.length) return;
    const along = () => places.forEach(([x, y]) => ctx.lineTo(x, y));
    stroke(ctx, "#000", 4, along);
    stroke(ctx, "#6cf", 2, along);
    const [x, y] = places[places.length - 1];
    const disc = () => ctx.arc(x, y, 7 * devicePixelRatio, 0, 2 * Math.PI);
    stroke(ctx, "#000", 6, disc);
    stroke(ctx, "#fff", 3, disc);
    ctx.fillStyle = "#6cf";
    ctx.fill();
  };

  const powersOfTwo = (every) => ({
    splits: (plot, index, low, high) =>
      Array.from({ length: Math.floor(high - Math.ceil(low)) + 1 }, (_, k) => Math.ceil(low) + k).filter((k) => k % every === 0),
    values: (plot, splits) => splits.map((k) => `2${raised(k)}`),
    grid: { show: false },
  });
  const spanOf = (list) => [list[0] - 0.5, list[list.length - 1] + 0.5];

  let goal = null;
  const bothDecades = (plot, low, high) => {
    const levels = goal?.levels ?? [1];
    return wholeDecades(plot, Math.min(low || 1, levels[0]), Math.max(high ?? 0, levels.at(-1)));
  };
  const targets = ({ ctx, bbox, valToPos }) => {
    for (const level of goal?.levels ?? []) {
      const y = valToPos(level, "y", true);
      ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
      stroke(ctx, "#888", 1, () => {
        ctx.moveTo(bbox.left, y);
        ctx.lineTo(bbox.left + bbox.width, y);
      });
      ctx.setLineDash([]);
    }
  };

  const edges = Array.from({ length: data.bins + 1 }, (_, k) => (2 * k) / data.bins - 1);
  const closed = (shares) => [...shares, shares[shares.length - 1]];
  const top = (plot, low, high) => [0, [0.05, 0.1, 0.2, 0.4, 0.6, 0.8].find((limit) => limit > high) ?? 1];
  const stepped = uPlot.paths.stepped({ align: 1 });

  let plots = {};
  const build = (logarithmic) => {
    for (const plot of Object.values(plots)) plot.destroy();
    plots = {
      loss: make(holders.loss, {
        scales: { x: timeScale(logarithmic), y: { distr: 3, range: wholeDecades }, overlap: { range: (plot, low) => [low < 0 ? -0.25 : 0, 1] } },
        axes: [
          timeAxis(logarithmic),
          decades("test loss", side),
          axis("overlap G(t, 0)", { ...side, side: 1, scale: "overlap", grid: { show: false } }),
        ],
        series: [{}, line(data.colours.loss, { width: 2.25 }), line(data.colours.overlap, { scale: "overlap", dash: [6, 4] })],
      }, [[], [], []]),
      levels: make(holders.levels, {
        scales: { x: timeScale(logarithmic), y: { distr: 3, range: bothDecades } },
        axes: [timeAxis(logarithmic), decades("eigenvalues of X = W Wᵀ", side)],
        series: [{}, ...data.colours.levels.map((colour) => line(colour))],
        hooks: { drawAxes: [targets] },
      }, [[], ...data.colours.levels.map(() => [])]),
      features: make(holders.features, {
        scales: { x: { time: false, range: [-1, 1] }, y: { range: top } },
        axes: [axis("feature ϕ, a soft spin"), axis("share of the features", side)],
        series: [
          {},
          { fill: data.colours.features, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [1], align: 1 }) },
          line(INK, { paths: stepped }),
          line(data.colours.overlap, { paths: stepped, width: 1.25, dash: [4, 3] }),
        ],
      }, [edges, [], [], []]),
      map: make(holders.map, {
        scales: { x: { time: false, range: spanOf(data.map.columns) }, y: { range: spanOf(data.map.rows) } },
        axes: [axis("1/σ_W", powersOfTwo(2)), axis("T = ε / |B|", { ...side, ...powersOfTwo(2) })],
        series: [{}, { show: false }],
        hooks: { drawClear: [heat], draw: [boundaries, names, student] },
      }, [data.map.columns, data.map.columns.map(() => null)]),
    };
  };

  const draw = (history, latest, visited) => {
    goal = latest.goal;
    trail = visited;
    plots.loss.setData([history.epochs, history.loss, history.overlap]);
    plots.levels.setData([history.epochs, ...history.levels]);
    plots.features.setData([edges, latest.histogram, goal.histogram, latest.atStart].map((v, k) => (k ? closed(v) : v)));
    plots.map.redraw();
  };

  const resize = () => {
    for (const [name, plot] of Object.entries(plots)) {
      plot.setSize({ width: Math.max(holders[name].clientWidth, 200), height: HEIGHT });
    }
  };

  return { build, draw, resize, raised };
};
