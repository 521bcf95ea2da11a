/* What runs in the live page's worker: keeps one student, trains it on request, answers with what it measured.

   `post` sends an answer, `clock` gives milliseconds; both are arguments, so that a test needs no browser. Requests:
   - start {run, seed, sigmaW} or {run, state}: a new student, of the seed or given number by number; answered;
   - set {rate, batch}: acts on the student in training;
   - advance {steps, milliseconds}: up to so many steps, no longer than so long; answered.
   An answer carries the `run` of its student, so that the page can tell a late one of a student already replaced. */
const liveWorker = (network, post, clock) => {
  const CHUNK = 32; // steps between two looks at the clock
  let run, student, rate, batch, steps, samples, next, working;

  const answer = () => {
    const measured = student.measure();
    post({
      run,
      steps,
      epochs: samples / network.SAMPLES,
      working, // milliseconds of training since the start
      diverged: !Number.isFinite(measured.loss) || measured.levels.some(Number.isNaN),
      ...measured,
    });
  };

  const requests = {
    start(request) {
      student = network.student(request.state ?? network.sample(request.seed, request.sigmaW));
      run = request.run;
      steps = samples = next = working = 0;
      post({ run, goal: student.goal });
      answer();
    },

    set(request) {
      ({ rate, batch } = request);
      next -= next % batch; // batches stay consecutive slices of the epoch
    },

    advance(request) {
      const start = clock();
      let left = request.steps;
      do {
        const chunk = Math.min(CHUNK, left);
        for (let k = 0; k < chunk; k++) {
          student.step(next, batch, rate);
          next += batch;
          if (next === network.SAMPLES) next = 0;
        }
        left -= chunk;
        steps += chunk;
        samples += chunk * batch;
      } while (left > 0 && clock() - start < request.milliseconds);
      working += clock() - start;
      answer();
    },
  };

  return (request) => requests[request.type](request);
};

if (typeof module !== "undefined") module.exports = liveWorker;
