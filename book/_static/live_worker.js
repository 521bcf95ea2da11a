/* What runs in the live page's worker: keeps one student, trains it on request, answers with what it measured.

   `post` sends an answer, `clock` gives milliseconds; both are arguments, so that a test needs no browser. Requests:
   - start {run, seed, sigmaW} or {run, state}: a new student, of the seed or given number by number;
   - set {rate, batch}: acts on the student in training;
   - advance {steps, milliseconds}: up to so many steps, no longer than so long.
   Start and advance end with an answer that has `done`. On the way advance answers whenever the steps have grown by
   GROWTH, so that a logarithmic axis of time is complete at any speed. An answer carries the `run` of its student: the
   page can tell a late one of a student already replaced. The function is sent to the worker as text. */
const liveWorker = (network, post, clock) => {
  const CHUNK = 32; // steps between two looks at the clock
  const GROWTH = 1.05;
  let run, student, rate, batch, steps, samples, next, record;

  const answer = (done) => {
    const measured = student.measure();
    const diverged = !Number.isFinite(measured.loss) || measured.levels.some(Number.isNaN);
    post({ run, steps, epochs: samples / network.SAMPLES, done, diverged, ...measured });
  };

  const requests = {
    start(request) {
      student = network.student(request.state ?? network.sample(request.seed, request.sigmaW));
      run = request.run;
      steps = samples = next = 0;
      record = 1;
      post({ run, goal: student.goal });
      answer(true);
    },

    set(request) {
      ({ rate, batch } = request);
      next -= next % batch; // batches stay consecutive slices of the epoch
    },

    advance(request) {
      const end = clock() + request.milliseconds;
      const last = steps + request.steps;
      do {
        const stop = Math.min(steps + CHUNK, last, record);
        for (; steps < stop; steps++) {
          student.step(next, batch, rate);
          samples += batch;
          next += batch;
          if (next === network.SAMPLES) next = 0;
        }
        if (steps === record) {
          record = Math.ceil(GROWTH * record + 1e-9);
          if (steps < last) answer(false);
        }
      } while (steps < last && clock() < end);
      answer(true);
    },
  };

  return (request) => requests[request.type](request);
};

if (typeof module !== "undefined") module.exports = liveWorker;
