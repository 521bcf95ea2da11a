/* What the explorer shows, and how an address says it: #observable=test_error&t=100&cell=T-5,D3&pin=T2,D3&... */
((explorer) => {
  "use strict";

  /**
   * @typedef {Object} State
   * @property {string} observable key of an observable
   * @property {number} time number of the recorded time
   * @property {number} cell the selected cell, -1 for none
   * @property {number} pin the pinned cell, -1 for none
   * @property {string} reading key of a reading of the boundary, "none" for no line
   * @property {string} theme "light", "dark", or "" for the page's own
   */

  const NAMES = ["observable", "t", "cell", "pin", "reading", "theme"];

  /** T = 2^-5, 1/sigma_W = 2^3 is written T-5,D3. */
  const cellName = (model, cell) => {
    const { t, s } = model.place(cell);
    return `T${t},D${s}`;
  };

  /** The recorded time of an observable nearest to t epochs, on a logarithmic scale. */
  function nearestTime(model, observable, t) {
    const log = (x) => Math.log(x + 0.05); // so that 0 has a neighbour
    const distance = (time) => Math.abs(log(model.times[time]) - log(t));
    return observable.times.reduce((best, time) => (distance(time) < distance(best) ? time : best));
  }

  /** @returns {State} the ordered corner at the end of the book's own runs */
  function initial(model) {
    const observable = model.observables[0];
    return {
      observable: observable.key,
      time: nearestTime(model, observable, 100),
      cell: model.cellAt(-5, 3),
      pin: -1,
      reading: "none",
      theme: "",
    };
  }

  /** @returns {number | undefined} the cell of that name, -1 for none, nothing for a bad name */
  function readCell(model, text, problem) {
    if (text === "none") return -1;
    const match = /^T(-?\d+),D(-?\d+)$/.exec(text);
    const cell = match ? model.cellAt(Number(match[1]), Number(match[2])) : -1;
    if (cell >= 0) return cell;
    const [t, s] = [model.temperature, model.invSigmaW];
    problem(`no cell ${text}: T${t[0]},D${s[0]} to T${t.at(-1)},D${s.at(-1)} are there`);
    return undefined;
  }

  /**
   * @param {string} hash of the address, with or without its #
   * @returns {{state: State, problems: string[]}} what could not be used keeps its first value, and is named
   */
  function parse(hash, model) {
    const state = initial(model);
    /** @type {string[]} */
    const problems = [];
    const problem = (text) => problems.push(text);
    const given = new URLSearchParams(hash.replace(/^#/, ""));
    const choice = (name, allowed, fallback) => {
      const value = given.get(name);
      if (value === null || allowed.includes(value)) return value ?? fallback;
      problem(`no ${name} ${value}: one of ${allowed.filter(Boolean).join(", ")}`);
      return fallback;
    };
    for (const name of given.keys()) {
      if (!NAMES.includes(name)) problem(`${name} is not one of ${NAMES.join(", ")}`);
    }
    state.observable = choice("observable", model.observables.map((one) => one.key), state.observable);
    state.reading = choice("reading", ["none", ...model.readings.map((one) => one.key)], state.reading);
    state.theme = choice("theme", ["light", "dark"], "");
    for (const name of ["cell", "pin"]) {
      if (given.has(name)) state[name] = readCell(model, given.get(name), problem) ?? state[name];
    }
    const observable = model.observable(state.observable);
    const text = given.get("t") ?? String(model.times[state.time]);
    const usable = text.trim() !== "" && Number(text) >= 0 && Number.isFinite(Number(text));
    if (!usable) problem(`t=${text} is not a number of epochs from 0 up`);
    state.time = nearestTime(model, observable, usable ? Number(text) : model.times[state.time]);
    if (usable && given.has("t") && model.times[state.time] !== Number(text)) {
      problem(`t=${text} is not recorded; the nearest is t=${model.times[state.time]}`);
    }
    return { state, problems };
  }

  /** The address of a view, without #; `parse` gives the state back. */
  function format(state, model) {
    const cell = (number) => (number < 0 ? "none" : cellName(model, number));
    const parts = [`observable=${state.observable}`, `t=${model.times[state.time]}`, `cell=${cell(state.cell)}`];
    if (state.pin >= 0) parts.push(`pin=${cell(state.pin)}`);
    if (state.reading !== "none") parts.push(`reading=${state.reading}`);
    if (state.theme) parts.push(`theme=${state.theme}`);
    return parts.join("&");
  }

  Object.assign(explorer, { cellName, nearestTime, initial, parse, format });
})((globalThis.PhasebookExplorer ??= {}));
