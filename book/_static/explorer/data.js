/* The numbers of the explorer: what phasebook/explorer wrote into the page, read back. No drawing here. */
((explorer) => {
  "use strict";

  /**
   * @typedef {{low: number, high: number, log: boolean, text: string}} Packed
   *   Numbers of two characters each; the largest code stands for a missing one.
   */

  /**
   * @param {Packed} packed
   * @param {string} digits characters in the order of their value
   * @returns {Float64Array} NaN where a number is missing
   */
  function unpack(packed, digits) {
    const base = digits.length;
    const top = base * base - 2;
    const value = new Map([...digits].map((character, k) => [character, k]));
    const numbers = new Float64Array(packed.text.length / 2);
    for (let k = 0; k < numbers.length; k += 1) {
      const code = value.get(packed.text[2 * k]) * base + value.get(packed.text[2 * k + 1]);
      const x = packed.low + (code / top) * (packed.high - packed.low);
      numbers[k] = code > top ? NaN : packed.log ? 10 ** x : x;
    }
    return numbers;
  }

  /** The payload with its arrays unpacked, and the ways to ask it. Cells are numbered with T slowest. */
  class Model {
    /** @param {any} payload as `Explorer.payload` of phasebook/explorer/page.py makes it */
    constructor(payload) {
      Object.assign(this, payload);
      this.columns = payload.invSigmaW.length;
      this.rows = payload.temperature.length;
      this.cells = Array.from({ length: this.rows * this.columns }, (_, k) => k);
      this.observables = payload.observables.map((one) => ({
        ...one,
        mean: unpack(one.mean, payload.digits),
        error: unpack(one.error, payload.digits),
      }));
      this.levels = unpack(payload.levels, payload.digits);
      this.targets = unpack(payload.targets, payload.digits);
    }

    /** Powers of two of a cell. @returns {{t: number, s: number}} */
    place(cell) {
      return { t: this.temperature[Math.floor(cell / this.columns)], s: this.invSigmaW[cell % this.columns] };
    }

    /** The cell at T = 2^t, 1/sigma_W = 2^s; -1 if there is none. */
    cellAt(t, s) {
      const [row, column] = [this.temperature.indexOf(t), this.invSigmaW.indexOf(s)];
      return row < 0 || column < 0 ? -1 : row * this.columns + column;
    }

    observable(key) {
      return this.observables.find((one) => one.key === key);
    }

    reading(key) {
      return this.readings.find((one) => one.key === key);
    }

    /** Mean over networks and its standard error; NaN where this observable was not recorded. */
    at(observable, cell, time) {
      const k = observable.times.indexOf(time);
      const index = cell * observable.times.length + k;
      return k < 0 ? [NaN, NaN] : [observable.mean[index], observable.error[index]];
    }

    /** One number against time. @returns {{t: number, mean: number, error: number}[]} */
    history(observable, cell) {
      return observable.times.map((time) => {
        const [mean, error] = this.at(observable, cell, time);
        return { t: this.times[time], mean, error };
      });
    }

    /** Medians of the eigenvalues against time, ascending. @returns {{t: number, level: number, x: number}[]} */
    flow(cell) {
      const [times, count] = [this.times.length, this.levelCount];
      return Array.from({ length: times * count }, (_, k) => ({
        t: this.times[Math.floor(k / count)],
        level: k % count,
        x: this.levels[cell * times * count + k],
      }));
    }

    targetsOf(cell) {
      return this.targets.slice(cell * this.levelCount, (cell + 1) * this.levelCount);
    }

    /** How many networks stand behind the numbers of a cell at a time. */
    networks(cell, time) {
      const { bookTimes, book, paper, more } = this.ensembles;
      return time < bookTimes ? book : (more[cell] ?? paper);
    }

    /** The phase of a cell by the lines of a reading, one of `phases`. */
    phase(cell, reading) {
      return this.phases.find((one) => one.name[0] === reading.phases[cell]);
    }

    /** Claims that speak of a cell, those about the fewest cells first. */
    claimsOf(cell) {
      const { t, s } = this.place(cell);
      const inside = ([a, b, c, d]) => a <= t && t <= b && c <= s && s <= d;
      const size = (claim) =>
        claim.places.reduce((sum, [a, b, c, d]) => sum + (b - a + 1) * (d - c + 1), 0);
      return this.claims
        .filter((claim) => claim.places.some(inside))
        .sort((a, b) => size(a) - size(b));
    }
  }

  Object.assign(explorer, { unpack, Model });
})((globalThis.PhasebookExplorer ??= {}));
