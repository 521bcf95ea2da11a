/* The worker as the live page sees it: one student, its course, whether it trains, how fast. `changed(text)` is called
   when the state has changed (with what to say about it), `draw()` when there is something new to see.

   For each picture one request goes out, with a second one waiting, so that the worker never idles; at full speed for
   each answer too. A hidden tab gets no animation frames and asks for nothing. */
const liveTrainer = ({ worker, history, changed, draw }) => {
  const { FASTEST } = liveTrainer;
  const SLICE = 15; // milliseconds of work for a request
  const PAUSE = 30; // milliseconds between two pictures, a second for a reader who wants little motion
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const trainer = { speed: 8, running: false, latest: null, trail: [], history };
  let run = 0;
  let waiting = 0; // requests not yet answered
  let drawn = 0; // when the last picture was
  let recent = []; // [milliseconds, steps] of the last second

  const ask = () => {
    if (waiting >= 2) return;
    waiting++;
    const steps = trainer.speed < FASTEST ? 2 ** trainer.speed : Number.MAX_SAFE_INTEGER;
    worker.postMessage({ type: "advance", steps, milliseconds: SLICE });
  };
  const tick = (now) => {
    if (!trainer.running) return;
    ask();
    if (now - drawn > (still.matches ? 1000 : PAUSE)) {
      drawn = now;
      draw();
    }
    requestAnimationFrame(tick);
  };

  trainer.start = () => {
    if (trainer.latest?.diverged) return;
    trainer.running = true;
    recent = [];
    changed("Training.");
    requestAnimationFrame(tick);
  };

  trainer.pause = (text) => {
    trainer.running = false;
    changed(text);
    draw();
  };

  /* A new student; it goes on training if its predecessor did. */
  trainer.reset = (settings, text) => {
    run++;
    trainer.latest = null;
    trainer.trail = [];
    recent = [];
    history.clear();
    waiting++;
    worker.postMessage({ type: "start", run, seed: settings.seed, sigmaW: 2 ** -settings.inv_sigma_w });
    trainer.set(settings);
    changed(text);
  };

  /* Learning rate and batch size, under the student in training. */
  trainer.set = (settings) => {
    trainer.trail.push([settings.inv_sigma_w, settings.rate - settings.batch]);
    worker.postMessage({ type: "set", rate: 2 ** settings.rate, batch: 2 ** settings.batch });
  };

  /* Steps per second of the last second, pictures and measurements included. */
  trainer.pace = () => {
    if (!trainer.running || recent.length < 2) return null;
    const [first, last] = [recent[0], recent.at(-1)];
    return (1000 * (last[1] - first[1])) / (last[0] - first[0]);
  };

  worker.onmessage = ({ data: answer }) => {
    if (answer.done) waiting--;
    if (answer.run !== run) return;
    const { goal, atStart } = trainer.latest ?? {};
    if (answer.goal) {
      trainer.latest = { goal: answer.goal };
      return;
    }
    trainer.latest = { ...answer, goal, atStart: atStart ?? answer.histogram };
    if (answer.diverged) {
      const step = answer.steps.toLocaleString("en");
      trainer.pause(`Diverged at step ${step}: the weights are no longer finite. Lower the learning rate and reset.`);
      return;
    }
    history.add(answer);
    if (!answer.done) return;
    if (trainer.running && trainer.speed === FASTEST && !document.hidden) ask(); // drawing does not hold it up
    const now = performance.now();
    recent = [...recent.filter(([then]) => now - then < 1000), [now, answer.steps]];
    if (!trainer.running) draw();
  };
  worker.onerror = (event) => trainer.pause(`The worker failed: ${event.message}`);

  return trainer;
};

liveTrainer.FASTEST = 14; // the speed with no limit but the time between two pictures; below, 2^speed steps a picture
