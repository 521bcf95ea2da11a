/* What tests/test_live.py asks of the live page's scripts, run by node: a JSON list of [task, argument] on the standard
   input, the list of answers on the standard output. Not-a-number and infinity leave as null. */
const folder = `${__dirname}/../book/_static/`;
const measures = require(`${folder}live_measures.js`)();
const network = require(`${folder}live_network.js`)(measures);
const liveWorker = require(`${folder}live_worker.js`);
const liveHistory = require(`${folder}live_history.js`);
const { liveAddress } = require(`${folder}live_controls.js`);

const plain = (state) => JSON.parse(JSON.stringify(state, (_, value) => (ArrayBuffer.isView(value) ? [...value] : value)));

const tasks = {
  sample: ({ seed, sigmaW }) => plain(network.sample(seed, sigmaW)),
  eigenvalues: ({ weights, rows }) => measures.eigenvalues(weights, rows),
  histogram: ({ features }) => measures.histogram(features),
  phases: ({ points, plane }) => points.map(([temperature, invSigmaW]) => measures.phaseOf(temperature, invSigmaW, plane)),

  /* Requests to a worker; its answers and the weights at the end. The clock moves a millisecond at each look. */
  work: ({ requests }) => {
    const answers = [];
    const made = [];
    const student = (state) => {
      made.push(network.student(state));
      return made.at(-1);
    };
    let now = 0;
    const serve = liveWorker({ ...network, student }, (answer) => answers.push(answer), () => now++);
    requests.forEach(serve);
    return { answers, weights: [...made.at(-1).weights] };
  },

  history: ({ steps }) => {
    const history = liveHistory(1);
    let longest = 0;
    for (let k = 0; k < steps; k++) {
      history.add({ epochs: 1e-3 * 1.001 ** k, loss: k, overlap: k, levels: [k] });
      longest = Math.max(longest, history.now().epochs.length);
    }
    return { longest, ...history.now() };
  },

  address: ({ ranges, presets, hash, settings }) => {
    const address = liveAddress(ranges, presets);
    return settings ? address.write(settings) : address.read(hash);
  },
};

const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(asked.map(([task, argument]) => tasks[task](argument))));
