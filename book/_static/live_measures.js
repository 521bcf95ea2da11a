/* What the live page measures beside the loss, in plain JavaScript: phasebook/spectra.py and phasebook/boundaries.py.
   Sent to the worker as text: it may use nothing outside itself. */
const liveMeasures = () => {
  const BINS = 40; // of the histogram of features, from -1 to 1

  /* Ascending eigenvalues of X = W W^T (4.1) for W with n rows, by Jacobi's rotations; not-a-number if W is not finite. */
  const eigenvalues = (weights, n) => {
    const m = weights.length / n;
    const x = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let k = 0; k <= i; k++) {
        let sum = 0;
        for (let j = 0; j < m; j++) sum += weights[i * m + j] * weights[k * m + j];
        x[i * n + k] = x[k * n + i] = sum;
      }
    }
    if (!x.every(Number.isFinite)) return new Array(n).fill(NaN);
    for (let sweep = 0; sweep < 30; sweep++) {
      let rotations = 0;
      for (let p = 0; p < n - 1; p++) {
        for (let q = p + 1; q < n; q++) {
          const off = x[p * n + q];
          if (Math.abs(off) <= 1e-16 * Math.sqrt(Math.abs(x[p * n + p] * x[q * n + q]))) continue;
          rotations++;
          const half = (x[q * n + q] - x[p * n + p]) / (2 * off);
          const t = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.sqrt(half * half + 1));
          const c = 1 / Math.sqrt(t * t + 1);
          const s = t * c;
          for (let k = 0; k < n; k++) {
            const a = x[k * n + p];
            const b = x[k * n + q];
            x[k * n + p] = c * a - s * b;
            x[k * n + q] = s * a + c * b;
          }
          for (let k = 0; k < n; k++) {
            const a = x[p * n + k];
            const b = x[q * n + k];
            x[p * n + k] = c * a - s * b;
            x[q * n + k] = s * a + c * b;
          }
          x[p * n + q] = x[q * n + p] = 0; // exactly, where rounding would leave a trace
        }
      }
      if (!rotations) break;
    }
    return Array.from({ length: n }, (_, i) => x[i * n + i]).sort((a, b) => a - b);
  };

  /* Fraction of the features in each of BINS equal bins of [-1, 1]; the last bin is closed. */
  const histogram = (features) => {
    const counts = new Array(BINS).fill(0);
    for (const value of features) counts[Math.min(BINS - 1, Math.floor(((value + 1) * BINS) / 2))]++;
    return counts.map((count) => count / features.length);
  };

  /* The phase that the book gives to a point of the plane: phasebook.boundaries.phase_of.
     `boundary` has a temperature for each column of `columns`; null means that nothing converges there. */
  const phaseOf = (temperature, invSigmaW, { columns, boundary, vertical }) => {
    const distance = columns.map((column) => Math.abs(Math.log2(column / invSigmaW)));
    const limit = boundary[distance.indexOf(Math.min(...distance))];
    if (limit === null || temperature > limit) return "paramagnetic";
    return invSigmaW >= vertical ? "ordered" : "jammed";
  };

  return { BINS, eigenvalues, histogram, phaseOf };
};

if (typeof module !== "undefined") module.exports = liveMeasures;
