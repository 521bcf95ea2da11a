/* The student of Section 3.1 in plain JavaScript: sampling, one step of SGD, what is measured.

   No page, no clock, no global state, so that the page's worker and the tests can both run it. The equations are those
   of phasebook/network.py and phasebook/sgd.py in double precision; tests/test_live.py compares the two. Matrices lie
   row by row in flat arrays, and a step allocates nothing. The function is sent to the worker as text: it may use
   nothing but its argument, what liveMeasures() returns. */
const liveNetwork = ({ eigenvalues, histogram }) => {
  const INPUTS = 3; // n_0
  const HIDDEN = 32; // n_1
  const UNITS = 16; // n_2
  const SAMPLES = 4000; // |D|, one epoch
  const TEST_POINTS = 100;

  /* Random numbers: xoshiro128** (Blackman and Vigna), filled by splitmix32; normal numbers by Box and Muller. */
  const normals = (seed) => {
    let filler = seed >>> 0;
    const fill = () => {
      filler = (filler + 0x9e3779b9) >>> 0;
      let z = filler;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      return (z ^ (z >>> 15)) >>> 0;
    };
    const s = Uint32Array.of(fill(), fill(), fill(), fill());
    const rotated = (x, k) => (x << k) | (x >>> (32 - k));
    const word = () => {
      const result = Math.imul(rotated(Math.imul(s[1], 5), 7), 9) >>> 0;
      const shifted = s[1] << 9;
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= shifted;
      s[3] = rotated(s[3], 11);
      return result;
    };
    const uniform = () => ((word() >>> 5) * 67108864 + (word() >>> 6) + 0.5) / 9007199254740992; // in (0, 1)
    return (count, scale) => {
      const drawn = new Float64Array(count);
      for (let k = 0; k < count; k += 2) {
        const radius = scale * Math.sqrt(-2 * Math.log(uniform()));
        const angle = 2 * Math.PI * uniform();
        drawn[k] = radius * Math.cos(angle);
        if (k + 1 < count) drawn[k + 1] = radius * Math.sin(angle);
      }
      return drawn;
    };
  };

  /* Teacher and data (3.1) and a student (2.11). Two values of sigma_W with the same seed differ by that factor alone. */
  const sample = (seed, sigmaW) => {
    const normal = normals(seed);
    return {
      teacher: [
        normal(HIDDEN * INPUTS, 1 / Math.sqrt(INPUTS)),
        normal(UNITS * HIDDEN, 1 / Math.sqrt(HIDDEN)),
        normal(UNITS, 1 / Math.sqrt(UNITS)),
      ],
      student: normal(UNITS * HIDDEN, sigmaW / Math.sqrt(HIDDEN)),
      inputs: normal(SAMPLES * INPUTS, 1),
      testInputs: normal(TEST_POINTS * INPUTS, 1),
    };
  };

  /* phi(x W^T) for all rows of x: (count, fanIn) times the transpose of (fanOut, fanIn) gives (count, fanOut). */
  const layer = (x, weights, fanIn, fanOut, activation) => {
    const values = new Float64Array((x.length / fanIn) * fanOut);
    for (let a = 0, at = 0; a < x.length; a += fanIn) {
      for (let i = 0; i < fanOut; i++) {
        let sum = 0;
        for (let j = 0; j < fanIn; j++) sum += weights[i * fanIn + j] * x[a + j];
        values[at++] = activation(sum);
      }
    }
    return values;
  };

  /* A student in training, from a state as `sample` gives it (plain arrays will do). */
  const student = (state) => {
    const [first, middle, readout] = state.teacher.map((weights) => Float64Array.from(weights));
    const weights = Float64Array.from(state.student); // W, the layer that learns
    const same = (value) => value;
    const targetsOf = (hidden) =>
      layer(layer(hidden, middle, HIDDEN, UNITS, Math.tanh), readout, UNITS, 1, same);
    const hidden = layer(state.inputs, first, INPUTS, HIDDEN, Math.tanh); // the first layer never changes
    const testHidden = layer(state.testInputs, first, INPUTS, HIDDEN, Math.tanh);
    const targets = targetsOf(hidden);
    const testTargets = targetsOf(testHidden);
    const featuresNow = () => layer(testHidden, weights, HIDDEN, UNITS, Math.tanh);
    const featuresAtStart = featuresNow();
    const phi = new Float64Array(32 * UNITS); // phi(z) of a batch; then the errors of its units

    /* One step (2.28) on `batch` consecutive samples from number `from` on. */
    const step = (from, batch, rate) => {
      for (let b = 0; b < batch; b++) {
        const x = (from + b) * HIDDEN;
        let residual = -targets[from + b];
        for (let i = 0; i < UNITS; i++) {
          const w = i * HIDDEN;
          let even = 0;
          let odd = 0;
          for (let j = 0; j < HIDDEN; j += 2) {
            even += weights[w + j] * hidden[x + j];
            odd += weights[w + j + 1] * hidden[x + j + 1];
          }
          const value = Math.tanh(even + odd);
          phi[b * UNITS + i] = value;
          residual += readout[i] * value;
        }
        const scaled = (-rate / batch) * residual;
        for (let i = 0; i < UNITS; i++) {
          const value = phi[b * UNITS + i];
          phi[b * UNITS + i] = scaled * readout[i] * (1 - value * value);
        }
      }
      for (let i = 0; i < UNITS; i++) {
        const w = i * HIDDEN;
        let b = 0;
        for (; b + 3 < batch; b += 4) { // four samples for one pass over the weights: half as long again without
          const c0 = phi[b * UNITS + i];
          const c1 = phi[(b + 1) * UNITS + i];
          const c2 = phi[(b + 2) * UNITS + i];
          const c3 = phi[(b + 3) * UNITS + i];
          const x = (from + b) * HIDDEN;
          for (let j = 0; j < HIDDEN; j++) {
            const k = x + j;
            weights[w + j] +=
              c0 * hidden[k] + c1 * hidden[k + HIDDEN] + c2 * hidden[k + 2 * HIDDEN] + c3 * hidden[k + 3 * HIDDEN];
          }
        }
        for (; b < batch; b++) {
          const change = phi[b * UNITS + i];
          const x = (from + b) * HIDDEN;
          for (let j = 0; j < HIDDEN; j++) weights[w + j] += change * hidden[x + j];
        }
      }
    };

    /* Test loss (2.6), overlap G(t, 0) (3.4), levels of X, histogram of the features, on the test points. */
    const measure = () => {
      const features = featuresNow();
      let loss = 0;
      let overlap = 0;
      for (let a = 0; a < TEST_POINTS; a++) {
        let residual = -testTargets[a];
        for (let i = 0; i < UNITS; i++) {
          residual += readout[i] * features[a * UNITS + i];
          overlap += features[a * UNITS + i] * featuresAtStart[a * UNITS + i];
        }
        loss += (residual * residual) / (2 * TEST_POINTS);
      }
      overlap /= TEST_POINTS * UNITS;
      return { loss, overlap, levels: eigenvalues(weights, UNITS), histogram: histogram(features) };
    };

    const goal = {
      levels: eigenvalues(middle, UNITS),
      histogram: histogram(layer(testHidden, middle, HIDDEN, UNITS, Math.tanh)),
    };
    return { weights, step, measure, goal };
  };

  return { SAMPLES, sample, student };
};

if (typeof module !== "undefined") module.exports = liveNetwork;
