/* Numbers and places as a reader writes them. */
((explorer) => {
  "use strict";

  const raised = (number) =>
    String(number).replace(/[-0-9]/g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]));

  const minus = (text) => text.replace("-", "−");

  /** 2^-5 as 2⁻⁵. */
  const power = (exponent, base = 2) => base + raised(exponent);

  const decimals = (error) => {
    const leading = Math.floor(Math.log10(error));
    return Math.max(-leading + (error / 10 ** leading < 2 ? 1 : 0), 0);
  };

  /**
   * A number with its standard error, which sets its digits: (3.4 ± 0.3) × 10⁻⁵; three digits without one.
   * Between 0.001 and 1000 no power of ten.
   */
  function scientific(value, error = NaN) {
    if (!Number.isFinite(value)) return "not recorded";
    if (value === 0 && !(error > 0)) return "0";
    const size = Math.max(Math.abs(value), error > 0 ? error : 0);
    let exponent = Math.floor(Math.log10(size));
    if (exponent >= -3 && exponent < 3) exponent = 0;
    const mantissa = value / 10 ** exponent;
    const scaled = error / 10 ** exponent;
    const places = scaled > 0 ? decimals(scaled) : Math.max(2 - Math.floor(Math.log10(Math.abs(mantissa))), 0);
    let text = minus(mantissa.toFixed(places));
    if (scaled > 0) text += ` ± ${scaled.toFixed(places)}`;
    return exponent ? `${scaled > 0 ? `(${text})` : text} × 10${raised(exponent)}` : text;
  }

  const grouped = (number) => Math.round(number).toString().replace(/\B(?=(\d{3})+$)/g, " ");

  /** Training time in epochs. */
  const epochs = (t) => `${t >= 1000 ? grouped(t) : t} ${t === 1 ? "epoch" : "epochs"}`;

  /** T = 2⁻⁵, 1/σ_W = 2³; the subscript as a character, for labels that are plain text. */
  const place = ({ t, s }) => `T = ${power(t)}, 1/σ_W = ${power(s)}`;

  /** The same where markup is possible. */
  const placeMarkup = ({ t, s }) =>
    `<span><i>T</i> = ${power(t)},</span> <span>1/<i>σ</i><sub>W</sub> = ${power(s)}</span>`;

  const escape = (text) =>
    text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

  /** Plain text as markup, with what follows an underscore as a subscript, as in V_NN or n_{L-1}. */
  const markup = (text) =>
    escape(text).replace(/_(?:\{([^}]+)\}|([A-Za-z0-9]{1,3})(?![A-Za-z]))/g, (_, a, b) => `<sub>${a ?? b}</sub>`);

  Object.assign(explorer, { raised, power, scientific, grouped, epochs, place, placeMarkup, escape, markup });
})((globalThis.PhasebookExplorer ??= {}));
