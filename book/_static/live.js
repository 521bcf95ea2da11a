/* The page of the live training: worker, controls and pictures put together. Loaded by book/live.md alone. */
document.addEventListener("DOMContentLoaded", () => {
  const root = document.querySelector(".live");
  if (!root) return;
  const fail = (reason) => {
    root.classList.add("live-failed");
    root.querySelector(".live-fallback").textContent = `The live training cannot run: ${reason}. ${root.dataset.instead}`;
  };
  if (typeof uPlot === "undefined") return fail("the drawing library uPlot is not among the book’s files");

  // A page from the disk may not load a worker from a file, but may make one of text.
  const source = `const post = (answer) => self.postMessage(answer);
    const serve = (${liveWorker})((${liveNetwork})((${liveMeasures})()), post, () => performance.now());
    self.onmessage = (event) => serve(event.data);`;
  let worker;
  try {
    worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  } catch (error) {
    return fail(`this browser allows no worker (${error.message})`);
  }

  const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const { presets, colours, bar, map } = data;
  const { phaseOf, BINS } = liveMeasures();
  const ranges = { rate: [-8, 8], batch: [0, 5], inv_sigma_w: [-8, 3] };
  const address = liveAddress(ranges, presets);
  const settings = { ...presets.ordered, seed: 1 };
  let onScreen = true;

  const holders = Object.fromEntries(["loss", "levels", "features", "map"].map((name) => [name, document.createElement("div")]));
  const plots = livePlots(uPlot, { ...data, bins: BINS }, holders);
  const { element, button, slider, grouped } = liveControls(plots.raised);

  /* What the reader sees. */
  const status = element("p", { className: "live-status", role: "status" });
  const titles = {
    steps: "Steps", epochs: "Epochs", loss: "Test loss", overlap: "Overlap G(t, 0)", temperature: "T = ε / |B|",
    phase: "Phase", pace: "Steps per second",
  };
  const readings = Object.fromEntries(
    Object.keys(titles).map((name) => [name, element("dd", { id: `live-${name}`, textContent: "–" })]),
  );
  const phase = () => {
    const columns = map.columns.map((k) => 2 ** k);
    return phaseOf(2 ** (settings.rate - settings.batch), 2 ** settings.inv_sigma_w, { ...map, columns });
  };
  const write = () => {
    const { latest } = trainer;
    const pace = trainer.pace();
    const texts = {
      temperature: `2${plots.raised(settings.rate - settings.batch)}`,
      phase: phase(),
      pace: pace ? grouped(Number(pace.toPrecision(2))) : "–",
      ...(latest?.histogram && {
        steps: grouped(latest.steps),
        epochs: latest.epochs < 10 ? latest.epochs.toFixed(2) : grouped(latest.epochs),
        loss: latest.loss.toExponential(2),
        overlap: latest.overlap.toFixed(3),
      }),
    };
    for (const [name, text] of Object.entries(texts)) readings[name].textContent = text;
  };
  const describe = ({ loss, overlap, steps, levels, goal, histogram }) => {
    const span = (list) => `${list[0].toPrecision(2)} to ${list.at(-1).toPrecision(2)}`;
    const texts = {
      loss: `Test loss ${loss.toExponential(1)} and overlap ${overlap.toFixed(2)} after ${steps} steps, against time.`,
      levels: `The student’s eigenvalues against time, now from ${span(levels)}; the teacher’s from ${span(goal.levels)}.`,
      features: `Histogram of the features, ${Math.round(100 * (histogram[0] + histogram.at(-1)))} per cent in the outermost bins.`,
      map: `Phase diagram, the student at temperature 2 to the ${settings.rate - settings.batch} and 1 over sigma W 2 to the ${settings.inv_sigma_w}: ${phase()}.`,
    };
    for (const [name, text] of Object.entries(texts)) holders[name].setAttribute("aria-label", text);
  };
  const draw = () => {
    if (!onScreen || !trainer.latest?.histogram) return;
    write();
    describe(trainer.latest);
    plots.draw(trainer.history.now(), trainer.latest, trainer.trail);
  };
  const changed = (text) => {
    go.textContent = trainer.running ? "Pause" : "Train";
    status.textContent = text;
  };

  /* What the reader does. Controls and address follow the settings. */
  const note = () => {
    for (const name of Object.keys(ranges)) sliders[name].set(settings[name]);
    seed.value = settings.seed;
    const current = address.presetOf(settings);
    for (const [name, made] of Object.entries(places)) made.setAttribute("aria-pressed", String(name === current));
    write();
  };
  const remember = () => {
    note();
    try {
      window.history.replaceState(null, "", address.write(settings));
    } catch {
      // a browser may refuse this to a page from the disk; the address then stays as it was
    }
  };
  const renew = (text) => {
    trainer.reset(settings, text);
    remember();
  };
  const tune = (name) => (k) => {
    settings[name] = k;
    trainer.set(settings);
    remember();
    if (!trainer.running) draw();
  };

  const sliders = {
    rate: slider({ name: "rate", label: "Learning rate <i>ε</i>", range: ranges.rate, act: tune("rate") }),
    batch: slider({ name: "batch", label: "Batch size |<i>B</i>|", range: ranges.batch, act: tune("batch") }),
    inv_sigma_w: slider({
      name: "inv-sigma-w", label: "1/<i>σ<sub>W</sub></i> <small>(starts anew)</small>", range: ranges.inv_sigma_w,
      act: (k) => {
        settings.inv_sigma_w = k;
        renew("A new student, at step 0.");
      },
    }),
    speed: slider({
      name: "speed", label: "Speed", range: [0, liveTrainer.FASTEST],
      show: (k) => (k < liveTrainer.FASTEST ? `${grouped(2 ** k)} step${k ? "s" : ""} a picture` : "as fast as it goes"),
      act: (k) => {
        trainer.speed = k;
      },
    }),
  };
  const places = Object.fromEntries(
    Object.keys(presets).map((name) => [name, button(name, () => {
      Object.assign(settings, presets[name]);
      renew(`A new student in the place called ${name}.`);
    })]),
  );
  const go = button("Train", () => (trainer.running ? trainer.pause("Paused.") : trainer.start()));
  go.className = "live-go";
  const again = button("Reset", () => {
    trainer.running = false;
    renew("Back at step 0.");
  });
  const seed = element("input", { type: "number", id: "live-seed", min: 0, max: 2 ** 32 - 1, step: 1 });
  seed.addEventListener("change", () => {
    if (!seed.checkValidity() || seed.value === "") {
      status.textContent = "The seed is a whole number from 0 to 4294967295.";
      return;
    }
    settings.seed = seed.valueAsNumber;
    renew("A new teacher, new data and a new student.");
  });
  const logarithmic = element("input", { type: "checkbox", id: "live-log", checked: true });
  logarithmic.addEventListener("change", () => {
    plots.build(logarithmic.checked);
    draw();
  });

  const group = (name, ...children) => {
    const made = element("div", { className: "live-row", role: "group" }, ...children);
    made.setAttribute("aria-label", name);
    return made;
  };
  const panel = (name, title, ...legend) => {
    const keys = legend.map(([text, look]) => element("span", { className: "live-key" }, element("i", { style: look }), text));
    holders[name].className = "live-plot";
    holders[name].setAttribute("role", "img");
    const heading = element("p", { className: "live-title", textContent: title });
    return element("div", { className: "live-panel" }, heading, element("p", { className: "live-keys" }, ...keys), holders[name]);
  };
  const solid = (colour) => `border-top: 3px solid ${colour}`;
  const dashed = (colour) => `border-top: 2px dashed ${colour}`;
  const shades = (...list) => `height: .7em; background: linear-gradient(to right, ${list.join(",")})`;
  const reading = ([name, value]) => element("div", {}, element("dt", { textContent: titles[name] }), value);
  root.replaceChildren(
    group("Places in the phase diagram", ...Object.values(places)),
    element("div", { className: "live-bars" },
      group("Training", go, again),
      group("Further settings",
        element("label", { htmlFor: "live-seed" }, "Seed ", seed),
        element("label", { htmlFor: "live-log" }, logarithmic, " logarithmic time"))),
    element("div", { className: "live-sliders" }, ...Object.values(sliders).map(({ row }) => row)),
    status,
    element("dl", { className: "live-readings" }, ...Object.entries(readings).map(reading)),
    element("div", { className: "live-panels" },
      panel("loss", "How well has it learnt?", ["test loss (left)", solid(colours.loss)], ["overlap G(t, 0) (right)", dashed(colours.overlap)]),
      panel("levels", "Where are the eigenvalues?", ["student, 16 levels", shades(...colours.levels)], ["teacher", dashed("#888")]),
      panel("features", "Which way do the spins point?", ["now", shades(colours.features, colours.features)], ["start", dashed(colours.overlap)], ["teacher", solid("#222")]),
      panel("map", "Where in the phase diagram?", [`test error, 10${plots.raised(bar.low)} to 10${plots.raised(bar.high)}`, shades(...bar.colours)])),
  );

  const trainer = liveTrainer({ worker, history: liveHistory(colours.levels.length), changed, draw });
  const follow = () => {
    const { settings: asked, refused } = address.read(location.hash);
    const asksNothing = !Object.keys(asked).length && !refused.length;
    if (asksNothing && trainer.latest) return; // a link to a section of the page
    Object.assign(settings, asked);
    trainer.running = false;
    trainer.reset(settings, refused.length ? `Part of the address cannot be had: ${refused.join("; ")}.` : "Ready: press Train.");
    note();
  };
  sliders.speed.set(trainer.speed);
  plots.build(logarithmic.checked);
  follow();
  window.addEventListener("hashchange", follow);
  new ResizeObserver(plots.resize).observe(root);
  new IntersectionObserver(([seen]) => {
    onScreen = seen.isIntersecting;
    draw();
  }).observe(root);
});
