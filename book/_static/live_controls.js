/* The live page's controls: buttons, sliders for powers of two, and the state they stand for as part of an address. */
const liveControls = (raised) => {
  const element = (tag, properties = {}, ...children) => {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  };

  const button = (text, action) => {
    const made = element("button", { type: "button", textContent: text });
    made.addEventListener("click", action);
    return made;
  };

  const written = (k) => (k < 0 ? `2${raised(k)} = 1/${2 ** -k}` : `2${raised(k)} = ${2 ** k}`);

  /* A labelled slider for a power of two, unless `show` writes something else. `act` gets the exponent. */
  const slider = ({ name, label, range: [min, max], act, show = written }) => {
    const input = element("input", { type: "range", id: `live-${name}`, min, max, step: 1 });
    const value = element("output", { htmlFor: `live-${name}` });
    const set = (k) => {
      input.value = k;
      value.textContent = show(k);
      input.setAttribute("aria-valuetext", show === written ? `2 to the power ${k}` : show(k));
    };
    input.addEventListener("input", () => {
      set(input.valueAsNumber);
      act(input.valueAsNumber);
    });
    const caption = element("label", { htmlFor: `live-${name}`, innerHTML: label });
    return { row: element("div", { className: "live-slider" }, caption, value, input), set };
  };

  const grouped = (value) => Math.round(value).toLocaleString("en").replaceAll(",", "\u202f");

  return { element, button, slider, grouped };
};

/* The state of the page in its address: `#preset=edge&seed=3`, or `#rate=0.5&batch=8&inv_sigma_w=2&seed=3`.
   `ranges` has the least and greatest exponent of two of each setting, `presets` has settings by name. */
const liveAddress = (ranges, presets) => {
  const same = (one, other) => Object.keys(ranges).every((name) => one[name] === other[name]);
  const presetOf = (settings) => Object.keys(presets).find((name) => same(presets[name], settings));

  const write = (settings) => {
    const { seed } = settings;
    const preset = presetOf(settings);
    const place = preset ? { preset } : Object.fromEntries(Object.keys(ranges).map((name) => [name, 2 ** settings[name]]));
    return `#${new URLSearchParams({ ...place, seed })}`;
  };

  /* What an address asks for, and what of it cannot be had. An address that names no setting asks for nothing. */
  const read = (hash) => {
    const asked = new URLSearchParams(hash.replace(/^#/, ""));
    const settings = {};
    const refused = [];
    const preset = asked.get("preset");
    if (preset in presets) Object.assign(settings, presets[preset]);
    else if (preset !== null) refused.push(`preset is one of ${Object.keys(presets).join(", ")}`);
    for (const [name, [low, high]] of Object.entries(ranges)) {
      if (!asked.has(name)) continue;
      const exponent = Math.log2(Number(asked.get(name)));
      if (Number.isInteger(exponent) && low <= exponent && exponent <= high) settings[name] = exponent;
      else refused.push(`${name} is a power of two from ${2 ** low} to ${2 ** high}`);
    }
    if (asked.has("seed")) {
      const seed = Number(asked.get("seed"));
      if (Number.isInteger(seed) && 0 <= seed && seed < 2 ** 32) settings.seed = seed;
      else refused.push("seed is a whole number from 0 to 4294967295");
    }
    return { settings, refused };
  };

  return { read, write, presetOf };
};

if (typeof module !== "undefined") module.exports = { liveAddress };
