// An explorer without a kernel: controls drawn from their data, and the frames of a recording (recording.py) in place of
// those of Python. `render` above draws them, as in JupyterLab.

const NEEDS = "needs the running course";
const unpacking = {}; // the recordings of this page, by name

const bytesOf = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));

// Inflated as a stream, so that nothing waits for it.
async function unpacked(name) {
  const packed = (window.courseRecordings ?? {})[name];
  if (!packed) throw new Error("it is not there");
  const stream = new Blob([bytesOf(packed)]).stream().pipeThrough(new DecompressionStream("gzip"));
  const recording = await new Response(stream).json();
  return { ...recording, places: new Map(recording.keys.map((key, place) => [key, place])) };
}

const recordingOf = (name) => (unpacking[name] ??= unpacked(name));

// Recording.key and Recording.frame.
function keyOf({ names, free }, values) {
  const gone = new Set(Object.entries(free).flatMap(([name, byValue]) => byValue[values[name]] ?? []));
  return names.map((name) => (gone.has(name) ? "" : values[name])).join(",");
}

function frameOf(recording, values, without) {
  const { places, parts, rows, names, made_with } = recording;
  const place = places.get(keyOf(recording, values));
  if (place === undefined) return null;
  const frame = { at: names.map((name) => values[name]), source: `recorded with Keras ${made_with.Keras}` };
  for (const [field, some] of Object.entries(parts)) {
    const row = rows[field][place];
    frame[field] = Array.isArray(row) ? row.map((number) => some[number]) : some[row];
  }
  frame.photos = frame.photos.map((photo) => ({ ...photo, png: bytesOf(photo.png) }));
  for (const field of without) frame[field] = [];
  return frame;
}

// What anywidget gives to a view, without Python behind it.
class Model {
  constructor(state) {
    Object.assign(this, { state, listeners: {} });
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    if (this.state[name] === value) return;
    this.state[name] = value;
    for (const listener of this.listeners[`change:${name}`] ?? []) listener();
  }

  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
  }

  off(event, listener) {
    this.listeners[event] = this.listeners[event]?.filter((other) => other !== listener);
  }

  save_changes() {}
}

// -- the controls ---------------------------------------------------------------------------------------------------

function make(parent, tag, attributes = {}, text = "") {
  const made = put(parent.appendChild(document.createElement(tag)), attributes);
  made.textContent = text;
  return made;
}

// Each returns set(value), enable(which values can be set, whether any other can, why not), and call(label) where that
// changes.
const CONTROLS = {
  number(box, { label, low, high }, move) {
    const all = make(box, "label", { class: "cu-number" });
    const said = make(all, "span", {}, label);
    const range = make(all, "input", { type: "range", min: low, max: high, step: 1, "aria-label": label });
    const readout = make(all, "output", { "aria-hidden": "true" });
    range.addEventListener("input", () => move(+range.value));
    return {
      set(value) {
        range.value = value;
        readout.textContent = value;
      },
      call(text) {
        setText(said, text);
        put(range, { "aria-label": text });
      },
      enable(_, any) {
        range.disabled = !any;
      },
    };
  },
  buttons(box, { label, options }, move) {
    const group = make(box, "div", { class: "cu-group", role: "group", "aria-label": label });
    make(group, "span", { "aria-hidden": "true" }, label);
    const buttons = options.map((option) => make(group, "button", { type: "button" }, option));
    buttons.forEach((button, i) => button.addEventListener("click", () => move(i)));
    return {
      set: (value) => buttons.forEach((button, i) => put(button, { "aria-pressed": i === value })),
      enable: (can, any, why) =>
        buttons.forEach((button, i) => {
          button.disabled = !can(i);
          put(button, { title: can(i) ? null : why });
        }),
    };
  },
  list(box, { label, options }, move) {
    const all = make(box, "label", { class: "cu-list" });
    make(all, "span", {}, label);
    const select = make(all, "select");
    const choices = options.map((option, i) => make(select, "option", { value: i }, option));
    select.addEventListener("change", () => move(+select.value));
    return {
      set: (value) => (select.value = value),
      enable(can, any) {
        choices.forEach((choice, i) => (choice.disabled = !can(i)));
        select.disabled = !any;
      },
    };
  },
  switch(box, { label }, move) {
    const all = make(box, "label", { class: "cu-switch" });
    const check = make(all, "input", { type: "checkbox" });
    make(all, "span", {}, label);
    check.addEventListener("change", () => move(+check.checked));
    return {
      set: (value) => (check.checked = value),
      enable: (can, any) => (check.disabled = !any),
    };
  },
};

// -- one explorer ---------------------------------------------------------------------------------------------------

class Alone {
  constructor(el, place, recording) {
    Object.assign(this, { el, place, recording });
    this.start = Object.fromEntries(place.controls.map(({ name, value }) => [name, +value]));
    this.values = { ...this.start };
    const frame = this.frame(this.values);
    if (!frame) throw new Error("it does not hold what this explorer starts with");
    const at = Object.entries(this.values).map(([name, value]) => [`at_${name}`, value]);
    const { controls, formula } = place;
    this.model = new Model({ controls, formula, frame, problem: "", ...Object.fromEntries(at) });
    for (const { name } of place.controls) this.model.on(`change:at_${name}`, () => this.pulled(name));
    this.panel = document.createElement("div");
    this.panel.className = "cu-controls";
    this.fold = document.createElement("div");
    this.fold.className = "cu-fold";
    this.controls = place.controls.map((control) => this.control(control));
    for (const [label, values] of Object.entries({ ...place.presets, Reset: this.start })) {
      make(this.panel, "button", { type: "button" }, label).addEventListener("click", () => this.go(values));
    }
    if (this.fold.children.length) this.folded();
    this.needs = make(this.panel, "p", { class: "cu-needs", role: "status" });
    const view = document.createElement("div");
    render({ model: this.model, el: view });
    this.apply();
    el.append(this.panel, view);
  }

  frame(values) {
    return frameOf(this.recording, values, this.place.without);
  }

  control(control) {
    const classes = `cu-set-${control.name} cu-kind-${control.kind}`;
    const box = make(control.more ? this.fold : this.panel, "div", { class: classes });
    const made = CONTROLS[control.kind](box, control, (value) => this.move(control.name, value));
    return { ...control, ...made, box };
  }

  folded() {
    const opener = make(this.panel, "button", { type: "button", "aria-expanded": "false" }, "More settings ▸");
    this.fold.hidden = true;
    opener.addEventListener("click", () => {
      this.fold.hidden = !this.fold.hidden;
      this.apply();
      put(opener, { "aria-expanded": !this.fold.hidden });
      setText(opener, `More settings ${this.fold.hidden ? "▸" : "▾"}`);
    });
    this.panel.append(this.fold);
  }

  labelOf({ name, label }) {
    return label + (`${name}_width` in this.values && this.values.apart ? ", height" : "");
  }

  // What the controls are set to after one of them is moved; height and width begin alike.
  moved(name, value) {
    const values = { ...this.values, [name]: value };
    if (name === "apart" && value) {
      for (const one of this.controls) if (`${one.name}_width` in values) values[`${one.name}_width`] = values[one.name];
    }
    return values;
  }

  has(name, value) {
    return this.recording.places.has(keyOf(this.recording, this.moved(name, value)));
  }

  // The values of a control that were recorded, with everything else as it is.
  recorded({ name, kind, low, high, options }) {
    const [first, last] = kind === "number" ? [low, high] : [0, kind === "switch" ? 1 : options.length - 1];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((value) => this.has(name, value));
  }

  move(name, value) {
    const control = this.controls.find((one) => one.name === name);
    this.go(this.moved(name, value), `${this.labelOf(control)} ${control.options[value] ?? value}`);
  }

  // The view was pulled at a corner of a map.
  pulled(name) {
    const value = this.model.get(`at_${name}`);
    if (value !== this.values[name]) this.move(name, value);
  }

  // Show what is recorded for these values; where nothing is, say so and keep what is shown.
  go(values, asked = "") {
    const frame = this.frame(values);
    if (frame) this.values = { ...values };
    for (const [name, value] of Object.entries(this.values)) this.model.set(`at_${name}`, value);
    if (frame) this.model.set("frame", frame);
    this.apply(frame ? "" : asked);
  }

  apply(missed = "") {
    const { hidden, held } = this.model.get("frame");
    let greyed = false;
    for (const control of this.controls) {
      const { name, kind, box } = control;
      const isHeld = held.includes(name);
      const why = isHeld ? null : NEEDS;
      const recorded = isHeld ? [] : this.recorded(control);
      const others = recorded.some((value) => value !== this.values[name]);
      box.hidden = hidden.includes(name);
      control.set(this.values[name]);
      control.enable((value) => recorded.includes(value), others, why);
      control.call?.(this.labelOf(control));
      const some = kind === "number" ? others : recorded.length === Math.max(control.options.length, 2);
      if (!some && !isHeld && !box.hidden && !(control.more && this.fold.hidden)) greyed = true;
      put(box, { title: others ? null : why });
    }
    const which = held.length ? "What is greyed out, and not held," : "What is greyed out";
    const missing = missed ? `${missed} ${NEEDS}. ` : greyed ? `${which} ${NEEDS}. ` : "";
    fill(this.needs, missing && `${escaped(missing)}<a href="${escaped(this.el.dataset.help)}">How to run it</a>`);
  }
}

// -- the page -------------------------------------------------------------------------------------------------------

// The style sheet knows JupyterLab's attribute; here it follows the page's own, or the system.
const system = matchMedia("(prefers-color-scheme: dark)");

function follow(el) {
  const page = [document.documentElement, document.body].map((one) => one.dataset.theme).find(Boolean);
  const dark = ["dark", "light"].includes(page) ? page === "dark" : system.matches;
  put(el, { "data-jp-theme-light": !dark });
}

async function mount(el) {
  follow(el);
  try {
    const place = JSON.parse(el.querySelector("script").textContent);
    const recording = await recordingOf(place.explorer);
    await new Promise((next) => setTimeout(next)); // one after the other, so that the page can be used meanwhile
    new Alone(el, place, recording);
    el.querySelector(".cu-still").remove();
    // Out of sight it is not drawn, and stays as high as it is.
    el.style.containIntrinsicHeight = `auto ${el.offsetHeight || 600}px`;
    el.classList.add("cu-live");
  } catch (error) {
    el.classList.add("cu-lost");
    const said = make(el, "p", { class: "cu-why", role: "alert" });
    fill(said, `This explorer cannot be moved here: its recording could not be read (${escaped(error.message)}). The
      picture shows where it starts. To move it, <a href="${escaped(el.dataset.help)}">run the course</a>.`);
  }
}

function start() {
  const all = [...document.querySelectorAll("[data-explorer]")];
  const again = () => all.forEach(follow);
  system.addEventListener("change", again);
  for (const one of [document.documentElement, document.body]) {
    new MutationObserver(again).observe(one, { attributeFilter: ["data-theme"] });
  }
  all.forEach(mount);
}

if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
else start();
