/* The explorer: loads the library, keeps the state, and redraws what depends on it. */
((explorer) => {
  "use strict";

  const LARGEST_MAP = 470;
  const FRAME = 450; // milliseconds for each recorded time when playing

  const SKELETON = `
    <div class="explorer-controls">
      <label>Observable <select id="explorer-observable"></select></label>
      <label>Boundary <select id="explorer-reading"></select></label>
      <div class="explorer-time">
        <button type="button" id="explorer-play" aria-label="Play through time">▶</button>
        <label>Training time <output id="explorer-t" for="explorer-slider"></output>
          <input type="range" id="explorer-slider" min="0" step="1"></label>
      </div>
    </div>
    <p class="explorer-notice" role="status"></p>
    <div class="explorer-top">
      <div class="explorer-map">
        <p class="explorer-title"></p>
        <div class="explorer-plane">
          <div class="explorer-picture" aria-hidden="true"></div>
          <span class="explorer-axis-y" aria-hidden="true"><i>T</i> = <i>ε</i>/|<i>B</i>|</span>
          <span class="explorer-axis-x" aria-hidden="true">1/<i>σ</i><sub>W</sub></span>
        </div>
        <div class="explorer-legend" aria-hidden="true"></div>
        <p class="explorer-lines"></p>
      </div>
      <div class="explorer-side">
        <div class="explorer-numbers"></div>
        <div class="explorer-buttons">
          <button type="button" id="explorer-pin"></button>
          <button type="button" id="explorer-clear">Clear</button>
          <a id="explorer-link" href="#">Link to this view</a>
        </div>
        <p class="explorer-keys" id="explorer-keys">Tap or click a cell to select it. With the keyboard: arrow keys
          move, Enter selects, P pins, Escape clears.</p>
      </div>
    </div>
    <p class="explorer-readout" role="status"></p>
    <div class="explorer-cards"></div>
    <p class="explorer-source"></p>`;

  /** Names of the three regions, in the corners that the paper describes; positions in percent of the map. */
  const CORNERS = { ordered: [85, 91], jammed: [14, 91], paramagnetic: [50, 9] };

  /** Start in an element. @param {HTMLElement} root @param {any} payload */
  function start(root, payload) {
    const model = new explorer.Model(payload);
    const read = explorer.parse(location.hash, model);
    let state = read.state;
    let looked = -1;
    let playing = 0;
    root.innerHTML = SKELETON;
    root.classList.add("explorer-ready");
    const find = (selector) => root.querySelector(selector);
    const dark = () => document.documentElement.dataset.theme === "dark";

    const grid = explorer.grid(model, {
      onSelect: (cell) => change({ cell }, `Selected ${explorer.place(model.place(cell))}`),
      onPin: pin,
      onClear: () => change({ cell: -1, pin: -1 }, "Nothing selected"),
      onLook: (cell) => {
        looked = cell;
        showNumbers();
      },
    });
    const plane = find(".explorer-plane");
    plane.append(grid.element);
    for (const phase of model.phases) {
      const name = document.createElement("span");
      name.className = "explorer-corner";
      name.style.setProperty("--phase-colour", phase.colour);
      name.textContent = phase.name;
      name.setAttribute("aria-hidden", "true");
      [name.style.left, name.style.top] = CORNERS[phase.name].map((x) => `${x}%`);
      grid.element.append(name);
    }

    const option = (value, text) => new Option(text, value);
    find("#explorer-observable").append(...model.observables.map((one) => option(one.key, one.title)));
    find("#explorer-reading").append(
      option("none", "no line"),
      ...model.readings.map((one, k) => option(one.key, `${k + 1}: ${one.name}`)),
    );

    function pin(cell) {
      const off = state.pin === cell;
      change({ pin: off ? -1 : cell }, `${off ? "Unpinned" : "Pinned"} ${explorer.place(model.place(cell))}`);
    }

    /** Everything the reader does ends here. */
    function change(difference, said = "") {
      state = { ...state, ...difference };
      const observable = model.observable(state.observable);
      if (!observable.times.includes(state.time)) {
        state.time = explorer.nearestTime(model, observable, model.times[state.time]);
        said ||= `${observable.title} is recorded at ${observable.times.length} times only`;
      }
      history.replaceState(null, "", `#${explorer.format(state, model)}`);
      find(".explorer-notice").textContent = "";
      find(".explorer-readout").textContent = said;
      draw();
    }

    function draw() {
      if (!root.clientWidth) return; // not on the screen; the observer of its size calls again
      const observable = model.observable(state.observable);
      const width = Math.floor(Math.min(plane.parentElement.clientWidth, LARGEST_MAP));
      find(".explorer-picture").replaceChildren(explorer.picture(model, state, width));
      find(".explorer-legend").replaceChildren(explorer.legend(model, observable, width));
      find(".explorer-title").innerHTML =
        `${observable.title} ${explorer.markup(observable.symbol)}, mean over networks`;
      grid.update(state, (cell) => {
        const [mean, error] = model.at(observable, cell, state.time);
        const phase = model.phase(cell, explorer.naming(model, state)).name;
        return `${explorer.place(model.place(cell))}: ${observable.title} ${explorer.scientific(mean, error)}, ${phase}`;
      });
      showControls(observable);
      showLines();
      showNumbers();
      showCards();
    }

    function showControls(observable) {
      find("#explorer-observable").value = state.observable;
      find("#explorer-reading").value = state.reading;
      const slider = find("#explorer-slider");
      slider.max = String(observable.times.length - 1);
      slider.value = String(observable.times.indexOf(state.time));
      const text = explorer.epochs(model.times[state.time]);
      slider.setAttribute("aria-valuetext", text);
      find("#explorer-t").innerHTML = `<b>${text}</b> = ${explorer.steps(model, state.time)} steps`;
      const { bookTimes, book, paper, more } = model.ensembles;
      const some = Object.values(more);
      find(".explorer-source").textContent =
        `Up to ${model.times[bookTimes - 1]} epochs: ${book} networks in each cell, trained for this book; later: ` +
        `${paper} in each cell` + (some.length ? `, ${some[0]} in ${some.length} of them` : "") +
        ", packaged with it. Bands and ± are standard errors over networks.";
      find("#explorer-link").href = `#${explorer.format(state, model)}`;
      find("#explorer-pin").textContent = state.cell >= 0 && state.pin === state.cell ? "Unpin this cell" : "Pin this cell to compare";
      find("#explorer-pin").disabled = state.cell < 0;
      find("#explorer-clear").disabled = state.cell < 0 && state.pin < 0;
    }

    function showLines() {
      const reading = model.reading(state.reading);
      if (!reading) return void (find(".explorer-lines").innerHTML = "");
      const drawn = model.contourLevels
        .map((level, k) => [level, explorer.DASHES[k], reading.contours[k].length > 0])
        .filter(([, , there]) => there)
        .map(
          ([level, dash]) =>
            `<span><svg width="30" height="8" aria-hidden="true"><path d="M0 4H30" stroke="currentColor" stroke-width="2" ` +
            `stroke-dasharray="${dash}"/></svg> ${100 * level} %</span>`,
        );
      const found = drawn.length
        ? `Lines: ${drawn.join(" ")} of the networks fulfil (4.15)`
        : "No line: in no part of the plane do 68 % of the networks fulfil (4.15)";
      find(".explorer-lines").innerHTML =
        `${found}, reading “${reading.name}” (${explorer.escape(reading.origin)}), at ` +
        `${model.times[model.ensembles.bookTimes - 1]} epochs. Dotted: 1/<i>σ</i><sub>W</sub> = √2.`;
    }

    function showNumbers() {
      const columns = [];
      if (looked >= 0 && looked !== state.cell) columns.push({ cell: looked, heading: "looking at" });
      else if (state.cell >= 0) columns.push({ cell: state.cell, heading: "A, selected" });
      if (state.pin >= 0) columns.push({ cell: state.pin, heading: "B, pinned" });
      find(".explorer-numbers").innerHTML = columns.length
        ? explorer.numbers(model, state, columns)
        : "<p>Select a cell to see its numbers, its eigenvalues and the claims about it.</p>";
    }

    function showCards() {
      const cells = [...new Set([state.cell, state.pin])].filter((cell) => cell >= 0);
      const cards = find(".explorer-cards");
      const two = cells.length === 2 && root.clientWidth >= 620;
      cards.classList.toggle("explorer-two", two);
      const inner = (two ? (root.clientWidth - 16) / 2 : root.clientWidth) - 34;
      const open = [...cards.querySelectorAll("details")].map((one) => one.open);
      cards.replaceChildren(
        ...cells.map((cell) =>
          explorer.card(model, state, cell, cell === state.cell ? "A" : "B", { cells, width: inner, dark: dark() }),
        ),
      );
      cards.querySelectorAll("details").forEach((one, k) => (one.open = open[k] ?? false));
    }

    function stop() {
      clearInterval(playing);
      playing = 0;
      find("#explorer-play").textContent = "▶";
      find("#explorer-play").setAttribute("aria-label", "Play through time");
    }

    function play() {
      if (playing) return stop();
      const times = model.observable(state.observable).times;
      if (state.time === times.at(-1)) change({ time: times[0] });
      find("#explorer-play").textContent = "❚❚";
      find("#explorer-play").setAttribute("aria-label", "Stop");
      playing = setInterval(() => {
        const all = model.observable(state.observable).times;
        const next = all.indexOf(state.time) + 1;
        if (next >= all.length) stop();
        else change({ time: all[next] });
      }, FRAME);
    }

    find("#explorer-observable").addEventListener("change", (event) => change({ observable: event.target.value }));
    find("#explorer-reading").addEventListener("change", (event) => change({ reading: event.target.value }));
    find("#explorer-slider").addEventListener("input", (event) => {
      stop();
      change({ time: model.observable(state.observable).times[Number(event.target.value)] });
    });
    find("#explorer-play").addEventListener("click", play);
    find("#explorer-pin").addEventListener("click", () => pin(state.cell));
    find("#explorer-clear").addEventListener("click", () => change({ cell: -1, pin: -1 }, "Nothing selected"));

    /** What the address says, and in one line what of it could not be used. */
    function show({ state: wanted, problems }) {
      stop();
      state = wanted;
      if (state.theme) document.documentElement.dataset.theme = state.theme;
      find(".explorer-readout").textContent = "";
      draw();
      find(".explorer-notice").textContent = problems.length ? `In the address: ${problems.join("; ")}.` : "";
    }
    addEventListener("hashchange", () => {
      if (!location.hash.includes("=")) return; // a heading of the page
      show(explorer.parse(location.hash, model));
      root.scrollIntoView({ block: "start" });
    });
    new MutationObserver(() => {
      if (state.theme && state.theme !== document.documentElement.dataset.theme) change({ theme: "" });
      else draw();
    }).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    let width = root.clientWidth;
    new ResizeObserver(() => {
      if (width !== root.clientWidth) draw();
      width = root.clientWidth;
    }).observe(root);
    show(read);
    if (location.hash.includes("=")) root.scrollIntoView({ block: "start" });
  }

  /** Scripts one after the other. */
  const load = (addresses) =>
    addresses.reduce(
      (before, address) =>
        before.then(
          () =>
            new Promise((done, failed) => {
              const script = document.createElement("script");
              script.src = address;
              script.onload = done;
              script.onerror = () => failed(new Error(`${address} is not there`));
              document.head.append(script);
            }),
        ),
      Promise.resolve(),
    );

  /** The formulae above are set: they change the height of their lines, and would move the map under the pointer. */
  const settled = async () => {
    if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
    await globalThis.MathJax?.startup?.promise?.catch(() => {});
  };

  const begin = async () => {
    const root = document.getElementById("explorer");
    if (!root) return;
    const fallback = root.innerHTML;
    try {
      await Promise.all([load(root.dataset.libraries.split(" ")), settled()]);
      start(root, JSON.parse(document.getElementById("explorer-data").textContent));
    } catch (error) {
      root.classList.replace("explorer-ready", "explorer-failed") || root.classList.add("explorer-failed");
      root.innerHTML = fallback;
      console.warn("explorer:", error);
    }
  };
  if (globalThis.document) begin();
})((globalThis.PhasebookExplorer ??= {}));
