/* The course of one run, thinned as it grows: of two points one goes that is nearer than 0.15 % of the present
   and nearer than 1.5 % of its own time, so that both a linear and a logarithmic axis look complete. */
const liveHistory = (levels) => {
  const MOST = 2400;
  const positive = (value) => (value > 0 ? value : null); // what a logarithmic axis can show
  const empty = () => ({ epochs: [], loss: [], overlap: [], levels: Array.from({ length: levels }, () => []) });
  let kept = empty();

  const thin = () => {
    const { epochs } = kept;
    const now = epochs[epochs.length - 1];
    const stay = epochs.map(() => true);
    let last = 0;
    for (let k = 1; k < epochs.length - 1; k++) {
      const gap = epochs[k] - epochs[last];
      stay[k] = gap >= Math.min(0.0015 * now, 0.015 * epochs[k]);
      if (stay[k]) last = k;
    }
    const chosen = (list) => list.filter((_, k) => stay[k]);
    kept = {
      epochs: chosen(epochs),
      loss: chosen(kept.loss),
      overlap: chosen(kept.overlap),
      levels: kept.levels.map(chosen),
    };
  };

  return {
    now: () => kept,
    clear: () => {
      kept = empty();
    },
    add: (frame) => {
      if (frame.epochs === 0) return; // a logarithmic axis has no place for the start
      kept.epochs.push(frame.epochs);
      kept.loss.push(positive(frame.loss));
      kept.overlap.push(frame.overlap);
      frame.levels.forEach((level, k) => kept.levels[k].push(positive(level)));
      if (kept.epochs.length > MOST) thin();
    },
  };
};

if (typeof module !== "undefined") module.exports = liveHistory;
