// Draws what an explorer shows (see View in settings.py) and does the pointing: which cells an output cell reads, where
// an input cell goes, and the arithmetic written out. Knows no formula: which cells belong together, and every number,
// come from Python: from a kernel that runs now, or from a recording.

const SHELL = `
  <div class="cu-problem" role="alert" hidden></div>
  <div class="cu-apart" role="alert" hidden>✗ What the kernel has run just now differs from what was shown before.
    This is what it has run; please report it.</div>
  <p class="cu-said" role="status" aria-live="polite"></p>
  <div class="cu-result"></div>
  <p class="cu-predicted" hidden></p>
  <div class="cu-notes"></div>
  <div class="cu-photos"></div>
  <div class="cu-scene"></div>
  <div class="cu-sum">
    <button type="button" class="cu-play" aria-pressed="false">▶ Play</button>
    <p class="cu-arithmetic" role="status" aria-live="polite"></p>
  </div>
  <div class="cu-tape" role="group"></div>
  <div class="cu-chosen" role="group" hidden></div>
  <div class="cu-remarks"></div>
  <div class="cu-aside"></div>
  <div class="cu-strips"></div>
  <details class="cu-answers"><summary>Three answers: by formula, by hand, by Keras</summary><div></div></details>
  <details class="cu-layers"><summary>Layer by layer</summary><div></div></details>
  <details class="cu-code">
    <summary>The same in Keras: code to copy</summary>
    <button type="button" class="cu-copy">Copy</button>
    <pre tabindex="0" aria-label="Keras code of this setting"><code></code></pre>
  </details>`;

const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const WALKS = {
  output: "Output cells. Move with the arrow keys to see which window each came from.",
  input: "Input cells. Move with the arrow keys to see which output cells each one reaches.",
};
const SIDE = 34; // of a cell, in the units of an SVG
const MARGIN = 24; // for the numbers of the rows and columns
const RIM = 9; // for the corner by which a map is pulled
const LATE = 500; // milliseconds after which it is said that the kernel has not yet confirmed what is shown
const PACE = 450; // milliseconds from one cell to the next, in play
const QUICK = 400; // milliseconds: what changes sooner than this again neither slides nor grows
const SIZES = ["n", "k", "s", "o"]; // each has a colour
const SIZE_OF = { input: "n", kernel: "k", output: "o" }; // in the title of a map
const SVG = "http://www.w3.org/2000/svg";

// -- the page, changed in place: nothing is taken away and put back, so there is no flicker and no lost focus ---------

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const paragraphs = (lines) => lines.map((line) => `<p>${escaped(line)}</p>`).join("");

// A formula, such as "o = ⌈n / s⌉ = ⌈7 / 2⌉ = 4", with a colour for each size: its letter, and its number, which stands
// where the letter stood before. The last number is what stands before it all.
function coloured(line) {
  const parts = line.split(" = ").map((part) => part.split(/([A-Za-z_]+|\d+)/));
  const words = parts.map((part) => part.filter((_, i) => i % 2));
  const size = (word) => (SIZES.includes(word) ? word : undefined);
  return parts
    .map((part, i) => {
      const before = words[i - 1]?.length === words[i].length ? words[i - 1] : [];
      const meant = i && i === parts.length - 1 && words[i].length === 1 ? [words.at(-4)?.at(-1)] : before;
      return part
        .map((text, j) => {
          const letter = j % 2 ? (size(text) ?? (/\d/.test(text) && size(meant[(j - 1) / 2]))) : "";
          return letter && parts.length > 1 ? `<span class="cu-${letter}">${text}</span>` : escaped(text);
        })
        .join("");
    })
    .join(" = ");
}

const formulas = (lines) => lines.map((line) => `<p>${coloured(line)}</p>`).join("");

function put(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
  return element;
}

// Set a variable of the style sheet; the same again would have every element inside styled anew.
function style(element, name, value) {
  const property = `--${name}`;
  if (element.style.getPropertyValue(property) !== String(value)) element.style.setProperty(property, value);
}

function setText(element, text) {
  const only = element.childNodes.length === 1 && element.firstChild;
  if (only.nodeType === Node.TEXT_NODE) only.data === text || (only.data = text);
  else if (element.textContent !== text) element.textContent = text;
}

// Change `old` into `fresh`.
function morph(old, fresh) {
  for (const { name } of [...old.attributes]) {
    const mine = name === "open" && old.nodeName === "DETAILS"; // opened by the reader, who also closes it
    if (!mine && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) put(old, { [name]: value });
  const before = [...old.childNodes];
  const after = [...fresh.childNodes];
  after.forEach((child, i) => {
    const twin = before[i];
    if (!twin) old.append(child);
    else if (twin.nodeName !== child.nodeName) twin.replaceWith(child);
    else if (child.nodeType !== Node.ELEMENT_NODE) {
      if (twin.data !== child.data) twin.data = child.data;
    } else morph(twin, child);
  });
  for (const extra of before.slice(after.length)) extra.remove();
}

const written = new WeakMap(); // what was last written into an element: the same again costs nothing

function fill(element, markup) {
  if (written.get(element) === markup) return;
  written.set(element, markup);
  const fresh = element.cloneNode(false);
  fresh.innerHTML = markup;
  morph(element, fresh);
}

// One <figure> for each item, kept from frame to frame; `draw` fills it.
function figures(place, items, draw) {
  items.forEach((item, i) => {
    const figure = place.children[i] ?? place.appendChild(document.createElement("figure"));
    if (!figure.firstChild) figure.append(document.createElement("figcaption"));
    put(figure, { "data-name": item.name });
    const size = (text) => (item.name in SIZE_OF ? `<span class="cu-${SIZE_OF[item.name]}">${text}</span>` : text);
    fill(figure.firstElementChild, escaped(item.title).replace(/\d+×\d+/, size));
    draw(figure, item, items[i - 1]);
  });
  while (place.children.length > items.length) place.lastElementChild.remove();
}

// -- grids of cells -----------------------------------------------------------------------------------------------

const ROLES = { r: "real", g: "ghost", u: "unread", k: "kernel", o: "output", d: "differ", e: "empty", c: "count" };
Object.assign(ROLES, { t: "tap", w: "window", b: "blank" });
// The sign that goes with a colour.
const MARKS = {
  ghost: "M3 11L11 3M3 23L23 3M3 31L31 3M11 31L31 11M23 31L31 23",
  unread: "M3 3L31 31",
  differ: "M24 2H32V11Z",
  empty: "M11 31H23",
};
const EM = { "-": 0.84, ".": 0.34 }; // the width of a sign; of a digit 0.64
const taken = new WeakMap();

const minus = (text) => text.replace(/-/g, "−");

// A number as there is room for it, as `short` in grids.py.
const short = (text) => (text.includes(".") ? (Math.floor(+text * 100 + 0.5) / 100).toFixed(2) : text);

// The cells of a grid as it was sent (see Grid.for_view): [row, column, role, text, shade], and each by its place.
function cellsOf(grid) {
  if (taken.has(grid)) return taken.get(grid);
  const roles = grid.roles.replace(/(\d+)(\w)/g, (_, count, role) => role.repeat(+count));
  const rows = grid.texts.split(";");
  const [[top, left], [low, high]] = [grid.origin, grid.scale];
  // As Grid.shade: from the smallest number to the largest; where some are negative, as far as from 0, either way.
  const [zero, reach] = low < 0 ? [0, Math.max(-low, high)] : [low, high - low];
  const cells = [...roles].map((letter, i) => {
    const [row, column, role] = [Math.floor(i / grid.columns), i % grid.columns, ROLES[letter]];
    const line = rows[row].startsWith("=") ? rows[+rows[row].slice(1)] : rows[row];
    const text = line.split(" ")[column] ?? "";
    const shade = ["ghost", "window", "blank"].includes(role) || !text ? 0 : (text - zero) / (reach || 1);
    return { row: row + top, column: column + left, role, text, shade };
  });
  const at = new Map(cells.map((cell) => [`${cell.row},${cell.column}`, cell]));
  const found = { cells, at, rows: cells.length / grid.columns };
  taken.set(grid, found);
  return found;
}

function shape(parent, name, attributes) {
  return parent.appendChild(put(document.createElementNS(SVG, name), attributes));
}

// Draw those of these items that changed, each under its key, and take away those that are gone.
function keep(group, items, keyOf, make, change) {
  const kept = (group.kept ??= new Map());
  const gone = new Set(kept.keys());
  for (const item of items) {
    const key = keyOf(item);
    gone.delete(key);
    if (!kept.has(key)) kept.set(key, make(group, item));
    change(kept.get(key), item);
  }
  for (const key of gone) {
    kept.get(key).remove();
    kept.delete(key);
  }
}

function makeCell(group, { row, column }) {
  const cell = shape(group, "g", { "data-at": `${row},${column}` });
  put(cell, { transform: `translate(${column * SIDE} ${row * SIDE})` });
  cell.box = shape(cell, "rect", { x: 1, y: 1, width: SIDE - 2, height: SIDE - 2, rx: 2 });
  return cell;
}

function changeCell(cell, { role, text, shade }) {
  const shown = (cell.shown ??= {});
  const look = shade < 0 ? `${role} cu-minus` : role;
  if (shown.look !== look) {
    put(cell, { class: `cu-cell cu-${look}` });
    if (MARKS[role]) cell.sign ??= cell.insertBefore(shape(cell, "path", { class: "cu-mark" }), cell.number ?? null);
    if (cell.sign) put(cell.sign, { d: MARKS[role] ?? null });
    cell.lit = false;
  }
  if (text) cell.number ??= shape(cell, "text", { x: SIDE / 2, y: SIDE / 2 + 0.5 });
  if (cell.number && shown.text !== text) setText(cell.number, minus(short(text)));
  if (shown.shade !== shade) cell.box.style.setProperty("--shade", Math.abs(shade));
  Object.assign(shown, { look, text, shade });
}

// The rows and columns that a map is given room for. It keeps what it had while it nearly fills that: so its cells stay
// where they are and as large as they are while a slider moves, ghosts grow outwards, and little is laid out anew.
function roomFor(before, needed) {
  if (before?.name !== needed.name) return needed;
  const room = { name: needed.name };
  for (const side of ["top", "left"]) room[side] = Math.min(before[side], needed[side]);
  for (const side of ["bottom", "right"]) room[side] = Math.max(before[side], needed[side]);
  const fills = (from, to) => {
    const [length, most] = [needed[to] - needed[from], room[to] - room[from]];
    return most - length <= Math.max(2, 0.3 * most);
  };
  return fills("top", "bottom") && fills("left", "right") ? room : needed;
}

function drawGrid(figure, grid, before) {
  const { cells, rows } = cellsOf(grid);
  const [top, left] = grid.origin;
  const { tall = 0, wide: broad = 0 } = grid.tried ?? {};
  const [bottom, right] = [top + Math.max(rows, tall), left + Math.max(grid.columns, broad)];
  const needed = { name: grid.name, top, left, bottom, right };
  const room = (figure.room = roomFor(figure.room, needed));
  if (!figure.svg) {
    const sheet = figure.appendChild(document.createElement("div"));
    put(sheet, { class: "cu-sheet", "data-lm-suppress-shortcuts": "true" });
    figure.svg = shape(sheet, "svg", { role: "img" });
    figure.numbers = shape(figure.svg, "g", { class: "cu-index", "aria-hidden": "true" });
    figure.cells = shape(figure.svg, "g", {});
    shape(figure.svg, "rect", { class: "cu-frame", rx: 4, visibility: "hidden" });
    figure.grip = shape(figure.svg, "path", { class: "cu-grip", d: "M-8 6H6V-8M-1 6L6 -1", "aria-hidden": "true" });
  }
  const [width, height] = [room.right - room.left, room.bottom - room.top].map((n) => n * SIDE + MARGIN + RIM);
  put(figure.svg, { "aria-label": grid.said, "data-grid": grid.name, class: grid.scale[0] < 0 ? "cu-signed" : null });
  put(figure.svg, { viewBox: `${room.left * SIDE - MARGIN} ${room.top * SIDE - MARGIN} ${width} ${height}` });
  put(figure.grip, { transform: `translate(${(left + grid.columns) * SIDE} ${(top + rows) * SIDE})` });
  style(figure, "w", width / SIDE);
  // Between two maps of the scene stands what is done.
  const sign = { kernel: "×", output: before?.name === "kernel" ? "=" : "→", pooled: "→" }[grid.name];
  put(figure, { "data-sign": (before && sign) || null });
  // One size for all numbers of a map: that of the widest.
  const wide = (text) => [...short(text)].reduce((sum, sign) => sum + (EM[sign] ?? 0.64), 0);
  const widest = Math.max(...[...new Set(cells.map(({ text }) => text))].map(wide));
  const size = Math.min(16, 28 / widest);
  if (!(figure.size <= size && size <= 1.4 * figure.size)) figure.size = size; // a little smaller than need be is steadier
  style(figure.svg, "size", `${figure.size.toFixed(1)}px`);
  // Beside a large map its cells are small: too small for the one long number of a global mean.
  style(figure, "least", cells.length === 1 && widest > 2 ? `${SIDE}px` : "0px");
  keep(figure.cells, cells, ({ row, column }) => `${row},${column}`, makeCell, changeCell);
  const counts = [...Array(grid.columns).keys()].map((i) => ["c", i + left]);
  counts.push(...[...Array(rows).keys()].map((i) => ["r", i + top]));
  keep(
    figure.numbers,
    counts,
    ([kind, i]) => kind + i,
    (group, [, i]) => Object.assign(shape(group, "text", {}), { textContent: minus(String(i)) }),
    (text, [kind, i]) => {
      const middle = (i + 0.5) * SIDE;
      put(text, kind === "c" ? { x: middle, y: top * SIDE - 11 } : { x: left * SIDE - 13, y: middle });
    },
  );
  const sheet = figure.querySelector(".cu-sheet");
  const walk = grid.walk || null;
  put(sheet, { "data-walk": walk, tabindex: walk && 0 });
  put(sheet, { role: walk && "application", "aria-label": walk && WALKS[walk] });
}

// The new picture is decoded before it is shown, so that no blank one is ever seen between two.
async function drawPhoto(figure, { png, alt, key, width, height }) {
  let image = figure.querySelector("img");
  if (!image) {
    image = figure.appendChild(document.createElement("img"));
    figure.appendChild(document.createElement("p")).className = "cu-key";
  }
  const turn = (figure.turn = (figure.turn ?? 0) + 1);
  const url = URL.createObjectURL(new Blob([png], { type: "image/png" }));
  const next = new Image();
  next.src = url;
  await next.decode().catch(() => {});
  if (turn !== figure.turn) return URL.revokeObjectURL(url);
  const last = image.src;
  Object.assign(image, { src: url, alt, width, height });
  setText(figure.querySelector(".cu-key"), key);
  if (last) setTimeout(() => URL.revokeObjectURL(last), 1000);
}

// -- the tape of sizes, and what comes out for other sizes ----------------------------------------------------------

// Rising strokes over what the larger of two squares with the same upper left corner has more than the smaller: below and
// to the right, where the ghosts of "same" lay.
function hatching(low, high) {
  const strokes = [];
  for (let total = 2; total < 2 * high; total += 2) {
    // The stroke x + y = total; the part of it in the large square and outside the small one.
    const [start, end] = [Math.max(0, total - high), Math.min(total, high)];
    const [from, to] = [Math.max(start, total - low), Math.min(end, low)];
    const parts = from < to ? [[start, from], [to, end]] : [[start, end]];
    for (const [a, b] of parts) if (a < b) strokes.push(`M${a} ${total - a}L${b} ${total - b}`);
  }
  return strokes.join("");
}

function square({ size, wanted, mark }) {
  const svg = (side, shapes) =>
    `<svg aria-hidden="true" viewBox="0 0 ${side} ${side}" style="--side:${side}">${shapes}</svg>`;
  const sign = { stop: "⊘", unknown: "?" }[mark] ?? "";
  if (!size) return svg(10, `<rect class="cu-nothing" width="10" height="10"/><text x="5" y="5.3">${sign}</text>`);
  const [low, high] = [Math.min(size, wanted ?? size), Math.max(size, wanted ?? size)];
  let shapes = `<rect class="cu-map" width="${size}" height="${size}"/>`;
  if (low < high) shapes += `<path class="cu-${size > wanted ? "surplus" : "missing"}" d="${hatching(low, high)}"/>`;
  if (wanted) shapes += `<rect class="cu-wanted" width="${wanted}" height="${wanted}"/>`;
  return svg(high, shapes);
}

const sizeOf = ({ size, size_text }) => (size ? `${size} × ${size}` : escaped(size_text));

// The key that goes with a press: without it the notebook would take it for a shortcut of its own.
const PRESSED = 'type="button" data-lm-suppress-shortcuts="true"';

function step(one, number, chosen) {
  const { name, size, setting = "", said = "", verdict = "", mark, wanted } = one;
  const right = size === wanted ? "right" : "wrong";
  const broken = escaped(name).replace("2DT", "2D<wbr>T"); // long names may be broken after the dimension
  const stop = number === (chosen || 1) ? 0 : -1; // one stop of the Tab key for the whole tape; the arrow keys go on
  const pressed = `${PRESSED} tabindex="${stop}" aria-pressed="${number === chosen}" aria-label="${escaped(name)}"`;
  const drawn = number
    ? `<button class="cu-square" data-layer="${number}" ${pressed}>${square(one)}</button>`
    : `<div class="cu-square">${square(one)}</div>`;
  return `<li class="cu-step cu-step-${mark}">${drawn}
    <span class="cu-step-name">${broken}</span><span class="cu-step-setting">${escaped(setting)}</span>
    <b class="cu-step-size">${sizeOf(one)}</b><span class="cu-step-note">${escaped(said)}</span>
    <span class="cu-step-${right}">${escaped(verdict)}</span></li>`;
}

// The steps, cut where a row begins.
function rowsOf(steps) {
  const rows = [];
  for (const one of steps) (one.begins || !rows.length ? (rows[rows.length] = []) : rows.at(-1)).push(one);
  return rows;
}

function tape(steps, chosen) {
  const row = (some) => `<p class="cu-tape-title">${escaped(some[0].begins ?? "")}</p>
    <ol role="list">${some.map((one) => step(one, steps.indexOf(one), chosen)).join("")}</ol>`;
  return rowsOf(steps).map(row).join("");
}

// A layer in one line.
function head(steps, number) {
  const [before, one] = [steps[number - 1], steps[number]];
  const after = one.size ?? one.size_text;
  const note = one.said ? ` <span class="cu-step-note">(${escaped(one.said)})</span>` : "";
  const sizes = before.size ? `${before.size} → ${after}` : after;
  return `<b>${escaped(one.name)}</b> ${escaped(one.setting ?? "")}: ${sizes}${note}`;
}

// The layers as a list: each opens to its arithmetic. The input has none.
function layers(steps) {
  const layer = (one) => `<details class="cu-layer cu-step-${one.mark}"><summary data-lm-suppress-shortcuts="true">
      ${head(steps, steps.indexOf(one))}</summary>${formulas(one.lines ?? [])}</details>`;
  return rowsOf(steps.slice(1)).map((some) => `<div>${some.map(layer).join("")}</div>`).join("");
}

// The layer that is chosen on the tape: the controls that set it, and its arithmetic.
function layerOf(steps, number, controls) {
  const select = ({ name, label, options }) => `<label>${escaped(label)}
    <select data-set="${name}" data-lm-suppress-shortcuts="true">
    ${options.map((option, i) => `<option value="${i}">${escaped(option)}</option>`).join("")}</select></label>`;
  return `<p class="cu-selects">${controls.map(select).join(" ")}</p><p>${head(steps, number)}</p>
    ${formulas(steps[number].lines ?? [])}`;
}

// `control`: what is set by a press on one of the sizes.
function strip({ caption, entries, now, below }, control) {
  const { name, low, high } = control ?? {};
  const stop = entries.some(([n]) => n === now) ? now : low;
  const entry = ([n, said, back]) => {
    const inside = `<span>${n}</span> <b>${escaped(said)}</b>`;
    const look = `cu-try${back ? " cu-closes" : ""}${n === now ? " cu-now" : ""}`;
    if (!(low <= n && n <= high)) return `<li><span class="${look}">${inside}</span></li>`;
    const pressed = `${PRESSED} data-set="${name}" value="${n}" tabindex="${n === stop ? 0 : -1}"`;
    return `<li><button class="${look}" ${pressed}${n === now ? ' aria-current="true"' : ""}>${inside}</button></li>`;
  };
  return `<p class="cu-caption">${escaped(caption)}</p><ul role="list">${entries.map(entry).join("")}</ul>
    <p class="cu-caption">${escaped(below)}</p>`;
}

// -- the arithmetic of one output cell ---------------------------------------------------------------------------

const signed = (text) => (/^-./.test(text) ? `(${minus(text)})` : text);
const lists = (line) => line.split(";").map((part) => (part ? part.split(",") : []));
const numbers = (line) => line && lists(line).map((part) => part.map(Number));

// An Arithmetic as it was sent (see frame.py), with its lists, and the grids that it reads.
function opened(sums, grids) {
  const named = (name) => grids.find((grid) => grid.name === name);
  const text = (name) => (row, column) => {
    const cell = named(name) && cellsOf(named(name)).at.get(`${row},${column}`);
    return cell && cell.role !== "ghost" ? cell.text : undefined;
  };
  const { rows, columns, stamp_rows, stamp_columns, row_weights, column_weights } = sums;
  return {
    ...sums,
    rows: numbers(rows),
    columns: numbers(columns),
    stamp_rows: numbers(stamp_rows),
    stamp_columns: numbers(stamp_columns),
    row_weights: row_weights && lists(row_weights),
    column_weights: column_weights && lists(column_weights),
    read: text(sums.inputs),
    weight: text(sums.kernel),
    byHand: text(sums.result),
  };
}

// Which row of the kernel goes with the input row that is the i-th that an output row reads.
const nthOf = (reads, stamps, place, i) => stamps?.[reads[place][i]].indexOf(place) ?? i;
const kernelRow = ({ rows, stamp_rows }, row, i) => nthOf(rows, stamp_rows, row, i);
const kernelColumn = ({ columns, stamp_columns }, column, i) => nthOf(columns, stamp_columns, column, i);

// Every input cell that one output cell is made of: its value, and the factors it is multiplied by.
function termsOf(sums, row, column) {
  return sums.rows[row].flatMap((r, i) =>
    sums.columns[column].map((c, j) => {
      const factors = sums.kernel ? [sums.weight(kernelRow(sums, row, i), kernelColumn(sums, column, j))] : [];
      if (sums.row_weights) factors.push(sums.row_weights[row][i], sums.column_weights[column][j]);
      return { value: sums.read(r, c), factors };
    }),
  );
}

function writtenOut(sums, row, column) {
  const cells = termsOf(sums, row, column);
  // A line for each row of the window, begun so that the terms stand below each other.
  const lines = (terms, joint, begin, per = sums.columns[column].length) => {
    const rows = [];
    for (let i = 0; i < terms.length; i += per) rows.push(terms.slice(i, i + per).join(joint));
    return rows.join(begin);
  };
  if (!cells.length) return "nothing reaches this cell";
  if (sums.how === "max") return `max(${lines(cells.map(({ value }) => minus(value ?? sums.ghost)), ", ", ",\n      ")})`;
  if (sums.how === "mean") {
    const real = cells.filter(({ value }) => value !== undefined);
    const left = cells.length - real.length;
    const uncounted = left ? `  (${left} ghost ${left > 1 ? "cells are" : "cell is"} not counted)` : "";
    const per = sums.columns[column].filter((c) => sums.rows[row].some((r) => sums.read(r, c) !== undefined)).length;
    return `(${lines(real.map(({ value }) => signed(value)), " + ", "\n + ", per)}) / ${real.length}${uncounted}`;
  }
  const product = ({ value, factors }) => [value ?? sums.ghost, ...factors].map(signed).join("·");
  return lines(cells.map(product), " + ", "\n+ ");
}

function explainOutput(all, row, column) {
  const texts = all.map((sums) => {
    const byHand = sums.byHand(row, column);
    const result = `= ${minus(byHand)}    Keras: ${minus(sums.keras?.[row][column] ?? byHand)}`;
    return `${sums.label ? `${sums.label}:\n` : ""}  ${writtenOut(sums, row, column)}\n${result}`;
  });
  return [`Output row ${row}, column ${column}:`, ...texts];
}

// How many lines that is at most: what follows on the page does not move while someone points.
function mostLines(all) {
  const each = ({ rows, label }) => 1 + !!label + Math.max(...rows.map((r) => r.length), 1);
  return 1 + Math.max(...all.map(each));
}

// Which of these lists hold the number.
const having = (all, number) => all.flatMap((list, i) => (list.includes(number) ? [i] : []));

// Where the stamp of one input cell falls, as [rows, columns]; what is cut off is outside the output.
const stampOf = (sums, row, column) => [
  sums.stamp_rows?.[row] ?? having(sums.rows, row),
  sums.stamp_columns?.[column] ?? having(sums.columns, column),
];

function explainInput(all, row, column) {
  const reached = all.map((sums) => {
    const count = having(sums.rows, row).length * having(sums.columns, column).length;
    const cells = count ? `${count} output cell${count > 1 ? "s" : ""}` : "no output cell";
    const [down, across] = stampOf(sums, row, column);
    const lost = down.length * across.length - count;
    const cut = lost ? `; ${lost} cell${lost > 1 ? "s" : ""} of its stamp ${lost > 1 ? "are" : "is"} cut off` : "";
    return `${sums.label ? `${sums.label}: ` : ""}it reaches ${cells}${cut}.`;
  });
  return [`Input row ${row}, column ${column} holds ${minus(all[0].read(row, column))}.`, ...reached];
}

// Frame the cells in these rows and columns of one grid, and light exactly those.
function light(figure, rows, columns) {
  if (!figure) return;
  const lit = new Set(rows.flatMap((r) => columns.map((c) => `${r},${c}`)));
  for (const [at, cell] of figure.cells.kept) {
    if (cell.lit !== lit.has(at)) cell.classList.toggle("cu-lit", (cell.lit = lit.has(at)));
  }
  const frame = figure.querySelector(".cu-frame");
  put(frame, { visibility: lit.size ? "visible" : "hidden" });
  if (!lit.size) return;
  const [r0, c0] = [Math.min(...rows), Math.min(...columns)];
  put(frame, { x: c0 * SIDE, y: r0 * SIDE });
  put(frame, { width: (Math.max(...columns) - c0 + 1) * SIDE, height: (Math.max(...rows) - r0 + 1) * SIDE });
}

const still = matchMedia("(prefers-reduced-motion: reduce)");
const DROP = [{ transform: "translateY(-26px)", opacity: 0 }, { transform: "none", opacity: 1 }];

// The stamps of the input cells have fallen up to this one, row by row. An output cell has its number when the last of
// its stamps is there; where none is there yet, it is empty.
function fall({ kept }, { stamp_rows, stamp_columns }, row, column) {
  for (const [at, cell] of kept) {
    const [i, j] = at.split(",").map(Number);
    const [rows, columns] = [having(stamp_rows, i), having(stamp_columns, j)];
    const before = (r, c) => r < row || (r === row && c <= column);
    const none = rows.length && columns.length && !before(rows[0], columns[0]);
    const some = rows.length && columns.length && !before(rows.at(-1), columns.at(-1));
    cell.classList.toggle("cu-later", Boolean(none));
    cell.classList.toggle("cu-partly", Boolean(some));
    if (cell.lit && !still.matches) for (const part of cell.children) part.animate(DROP, { duration: 260 });
  }
}

// -- which frame is on show ---------------------------------------------------------------------------------------

const isBytes = (value) => value instanceof DataView || value instanceof Uint8Array;

function alike(a, b) {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  if (isBytes(a) && isBytes(b)) {
    if (a.byteLength !== b.byteLength) return false;
    const [one, two] = [a, b].map((bytes) => new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    return one.every((byte, i) => byte === two[i]);
  }
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => alike(a[name], b[name]));
}

// What a frame shows, wherever it came from.
const shownIn = ({ source, ...rest }) => rest;

// One for each model: every change of a control gets a number, and a frame that belongs to an older change than what is
// shown is dropped. A frame computed ahead is shown at once, and what the kernel runs for that change confirms it.
class Feed {
  constructor(model) {
    Object.assign(this, { model, number: 0, shown: 0, frame: {}, confirmed: true, differs: false, arrived: 0 });
    this.changes = new Map(); // what the controls were set to → the number of the latest such change
    this.ahead = new Map();
    this.listeners = new Set();
    this.answered();
    model.on("change:frame", () => this.answered());
    model.on("change:ahead", () => this.took(model.get("ahead")));
    for (const { name } of model.get("controls")) model.on(`change:at_${name}`, () => this.changed());
  }

  key() {
    return JSON.stringify(this.model.get("controls").map(({ name }) => this.model.get(`at_${name}`)));
  }

  took(frame) {
    const key = JSON.stringify(frame.at);
    this.arrived += 1;
    this.ahead.delete(key);
    this.ahead.set(key, frame);
    if (this.ahead.size > 60) this.ahead.delete(this.ahead.keys().next().value);
    for (const listener of this.listeners) listener(false);
  }

  changed() {
    const key = this.key();
    this.changes.set(key, (this.number += 1));
    const last = this.model.get("frame");
    if (this.isCut?.()) return; // nobody would confirm it
    if (JSON.stringify(last.at) === key) this.show(last, this.number, true);
    else if (this.ahead.has(key)) this.show(this.ahead.get(key), this.number, false);
  }

  answered() {
    const frame = this.model.get("frame");
    const key = JSON.stringify(frame.at);
    const number = this.changes.get(key) ?? this.number;
    if (number < this.shown) return;
    // An answer that is held back, or no longer: what was computed ahead is not.
    const turned = !frame.ask !== !this.frame.ask;
    if (turned) this.ahead.clear();
    const again = !turned && number === this.shown && JSON.stringify(this.frame.at) === key;
    const differs = again && !alike(shownIn(frame), shownIn(this.frame));
    this.show(frame, number, true, differs);
  }

  show(frame, number, confirmed, differs = false) {
    const same =
      frame === this.frame || (number === this.shown && !differs && alike(shownIn(frame), shownIn(this.frame)));
    Object.assign(this, { shown: number, confirmed, differs });
    if (!same) this.frame = frame;
    else if (frame.source !== this.frame.source) this.frame = { ...this.frame, source: frame.source };
    for (const listener of this.listeners) listener(!same);
  }
}

const feeds = new WeakMap();

const within = (value, low, high) => Math.min(Math.max(value, low), high);

function render({ model, el }) {
  if (!feeds.has(model)) feeds.set(model, new Feed(model));
  const feed = feeds.get(model);
  const kernel = () => model.widget_manager?.kernel;
  feed.isCut = () =>
    el.closest(".jupyter-widgets-disconnected") || // its kernel has ended
    (kernel() && (kernel().connectionStatus !== "connected" || kernel().status === "dead"));
  el.classList.add("cu-view");
  el.innerHTML = SHELL;
  const part = (name) => el.querySelector(`.cu-${name}`);
  const figure = (name) => el.querySelector(`figure[data-name="${name}"]`);
  let chosen = { walk: "output", row: 0, column: 0 };
  let all = []; // the arithmetic of the frame
  let layer = 0; // the one that is chosen on the tape
  let playing = 0;
  const stamps = () => Boolean(all[0]?.stamp_rows); // what is played, where there are any

  // -- lighting cells

  function lightOutput(sums, row, column) {
    const [rows, columns] = [sums.rows[row], sums.columns[column]];
    light(figure(sums.source), rows, columns);
    light(figure(sums.result), [row], [column]);
    for (const [name, how] of Object.entries(sums.follow ?? {})) {
      if (how === "cell") light(figure(name), [row], [column]);
      if (how === "row") light(figure(name), [row], rows);
      if (how === "column") light(figure(name), [column], columns);
      if (how === "stamp_row") light(figure(name), rows, [row]);
      if (how === "stamp_column") light(figure(name), columns, [column]);
      if (how !== "kernel") continue;
      const down = rows.map((_, i) => kernelRow(sums, row, i));
      const across = columns.map((_, i) => kernelColumn(sums, column, i));
      light(figure(name), down, across);
    }
  }

  function lightInput(sums, row, column) {
    const [rows, columns] = [having(sums.rows, row), having(sums.columns, column)];
    const [down, across] = stampOf(sums, row, column);
    light(figure(sums.source), [row], [column]);
    light(figure(sums.result), down, across);
    for (const [name, how] of Object.entries(sums.follow ?? {})) {
      if (how === "cell") light(figure(name), rows, columns);
      if (how === "row") light(figure(name), rows, [row]);
      if (how === "column") light(figure(name), columns, [column]);
      if (how === "stamp_row") light(figure(name), [row], down);
      if (how === "stamp_column") light(figure(name), [column], across);
      if (how === "kernel") light(figure(name), down.map((_, i) => i), across.map((_, i) => i));
    }
  }

  // How many rows and columns can be asked about.
  function extent(walk) {
    if (walk === "output") return [all[0].rows.length, all[0].columns.length];
    let [rows, columns] = [0, 0];
    while (all[0].read(rows, 0) !== undefined) rows += 1;
    while (all[0].read(0, columns) !== undefined) columns += 1;
    return [rows, columns];
  }

  function choose(walk, row, column) {
    if (!all.length) return fill(part("arithmetic"), "");
    const [rows, columns] = extent(walk);
    chosen = { walk, row: within(row, 0, rows - 1), column: within(column, 0, columns - 1) };
    for (const sums of all) (walk === "output" ? lightOutput : lightInput)(sums, chosen.row, chosen.column);
    const explain = walk === "output" ? explainOutput : explainInput;
    if (playing && stamps() && walk === "input") fall(figure(all[0].result).cells, all[0], chosen.row, chosen.column);
    const texts = explain(all, chosen.row, chosen.column);
    fill(part("arithmetic"), texts.map((text) => `<span>${escaped(text)}</span>`).join(""));
  }

  // -- drawing

  function drawResult(frame) {
    if (frame.ask) {
      return fill(part("result"), `<p class="cu-ask">${escaped(frame.ask)}</p>
        <p class="cu-ask">${escaped(frame.invitation)}</p>`);
    }
    const ticks = { agree: "✓ by hand ✓ Keras", differ: "✗", refused: "⊘" }[frame.outcome];
    const first = (model.get("formula") ? frame.headline : frame.result) ?? "";
    // Where height and width are apart, the one beside the other.
    const other = first.startsWith("height: ") && frame.answers[0].lines.find((line) => line.startsWith("width: "));
    const said = [first, ...(other ? [other] : [])].map(coloured).join("; ");
    fill(part("result"), `<p class="cu-line"><b class="cu-formula">${said}</b>
      <span><span class="cu-verdict cu-${frame.outcome}"><b>${ticks}</b> ${escaped(frame.verdict ?? "")}</span>
      <span class="cu-when"></span></span></p>`);
  }

  let late = 0;

  // Where the frame came from. One that was computed ahead says so only where the kernel takes its time.
  function tellSource() {
    clearTimeout(late);
    const when = el.querySelector(".cu-when");
    if (when && feed.confirmed) setText(when, feed.frame.source ?? "");
    else late = setTimeout(() => when && setText(when, "computed ahead; the kernel has not confirmed it yet"), LATE);
    part("apart").hidden = !feed.differs;
    put(el, { "data-ahead": feed.arrived });
  }

  // The kernel, where it finds no place because it is larger than the map.
  function tooLarge(grids) {
    const [input, kernel] = ["input", "kernel"].map((name) => grids.find((grid) => grid.name === name));
    if (feed.frame.outcome !== "refused" || !input || !kernel) return undefined;
    const [tall, wide] = [cellsOf(kernel).rows, kernel.columns];
    return tall > cellsOf(input).rows || wide > input.columns ? { tall, wide } : undefined;
  }

  function drawScene(grids) {
    const [scene, tried] = [part("scene"), tooLarge(grids)];
    figures(scene, grids.map((grid) => (tried && grid.name === "input" ? { ...grid, tried } : grid)), drawGrid);
    const rooms = grids.map(({ name }) => figure(name).room);
    const columns = rooms.map(({ left, right }) => Math.max(right - left, 3) + (MARGIN + RIM) / SIDE);
    style(scene, "columns", columns.reduce((sum, more) => sum + more, 0) || 1);
    style(scene, "widest", Math.max(...columns, 1));
    style(scene, "rows", Math.max(...rooms.map(({ top, bottom }) => bottom - top), 1));
    style(scene, "count", grids.length);
    const { held = [], hidden = [] } = feed.frame;
    const free = model.get("controls").filter(({ name }) => !held.includes(name) && !hidden.includes(name));
    for (const { name } of grids) {
      const control = free.find((one) => one.name === SIZE_OF[name]);
      put(figure(name).grip, { "data-grip": control?.name ?? null });
    }
  }

  let settled = 0;

  // While a slider is being moved nothing slides or grows: that would be painted ten times before the next picture.
  function hurry() {
    el.classList.toggle("cu-quick", Boolean(settled));
    clearTimeout(settled);
    settled = setTimeout(() => {
      settled = 0;
      el.classList.remove("cu-quick");
    }, QUICK);
  }

  function draw(anew = true) {
    const { frame } = feed;
    if (anew) {
      hurry();
      const { grids = [], tape: steps = [], answers = [] } = frame;
      all = (frame.arithmetic ?? []).map((sums) => opened(sums, grids));
      drawResult(frame);
      setText(part("said"), [frame.said ?? "", ...(frame.notes ?? [])].join(" "));
      // What is said of a control that is folded away is seen when it is unfolded.
      const folded = (i) => (controlOf(frame.about?.[i])?.more ? ' class="cu-about-folded"' : "");
      fill(part("notes"), (frame.notes ?? []).map((note, i) => `<p${folded(i)}>${escaped(note)}</p>`).join(""));
      figures(part("photos"), frame.photos ?? [], drawPhoto);
      drawScene(grids.filter(({ aside }) => !aside));
      figures(part("aside"), grids.filter(({ aside }) => aside), drawGrid);
      part("sum").hidden = !all.length;
      for (const name of ["scene", "arithmetic"]) style(part(name), "lines", all.length ? mostLines(all) : 0);
      const each = steps.map((one) => `${one.name}: ${sizeOf(one)}`).join("; ");
      put(part("tape"), { "aria-label": each && `Squares drawn to scale, one after each layer. ${each}.` });
      drawTape(steps);
      fill(part("remarks"), paragraphs(frame.remarks ?? []));
      const strips = frame.strips ?? [];
      const sizes = strips.length > 1 ? ["n", "n_width"] : ["n"]; // one strip each where height and width are apart
      fill(part("strips"), strips.map((one, i) => strip(one, controlOf(sizes[i]))).join(""));
      const card = ({ name, lines }) =>
        `<div class="cu-answer"><div class="cu-name">${escaped(name)}</div>${formulas(lines)}</div>`;
      fill(part("answers").lastElementChild, answers.map(card).join(""));
      part("answers").hidden = !answers.length;
      // They unfold where they are needed, and fold again if it was not the reader who unfolded them.
      const needed = ["differ", "refused"].includes(frame.outcome);
      if (needed && !part("answers").open) part("answers").open = part("answers").needed = true;
      else if (!needed && part("answers").needed) part("answers").open = part("answers").needed = false;
      const told = steps.some(({ lines }) => lines?.length);
      fill(part("layers").lastElementChild, told ? layers(steps) : "");
      part("layers").hidden = !told;
      setText(part("code").querySelector("code"), frame.code ?? "");
      part("code").hidden = !frame.code;
      // A grid that stayed as it was may be lit by what no longer is; one that was walked may not be walked any more.
      for (const each of el.querySelectorAll(".cu-scene figure, .cu-aside figure")) light(each, [], []);
      const tried = tooLarge(frame.grids ?? []);
      if (tried) light(figure("input"), [...Array(tried.tall).keys()], [...Array(tried.wide).keys()]);
      if (!grids.some(({ walk }) => walk === chosen.walk)) chosen = { walk: "output", row: 0, column: 0 };
      choose(chosen.walk, chosen.row, chosen.column);
    }
    tellSource();
  }

  function drawTape(steps) {
    if (!steps[layer]) layer = 0;
    fill(part("tape"), tape(steps, layer));
    part("chosen").hidden = !layer;
    // The name of a control that sets a layer ends with its number.
    const mine = layer ? model.get("controls").filter(({ name }) => name.endsWith(`_${layer}`)) : [];
    put(part("chosen"), { "aria-label": layer ? steps[layer].name : null });
    fill(part("chosen"), layer ? layerOf(steps, layer, mine) : "");
    for (const select of part("chosen").querySelectorAll("select")) select.value = model.get(`at_${select.dataset.set}`);
  }

  // What the reader expected, dashed, beside what came.
  function drawPredicted() {
    const rows = model.get("predicted") ?? [];
    const row = ([label, mine, came, sign]) => `<span>${escaped(label)}: <span class="cu-mine">${escaped(`${mine}`)}</span>
      <span aria-hidden="true">${sign}</span> <b>${escaped(`${came}`)}</b></span>`;
    part("predicted").hidden = !rows.length;
    fill(part("predicted"), `<span>Your prediction above (dashed), and what Keras gave:</span> ${rows.map(row).join(" ")}`);
  }

  function complain() {
    setText(part("problem"), model.get("problem") ?? "");
    part("problem").hidden = !model.get("problem");
  }

  // -- hands on the picture

  const controlOf = (name) => model.get("controls").find((one) => one.name === name);

  function set(name, value) {
    const control = controlOf(name);
    if (!control || feed.frame.held?.includes(name)) return;
    const [low, high] = control.options.length ? [0, control.options.length - 1] : [control.low, control.high];
    model.set(`at_${name}`, within(value, low, high));
    model.save_changes();
  }

  el.addEventListener("click", ({ target }) => {
    const square = target.closest?.(".cu-step")?.querySelector("[data-layer]");
    const size = target.closest?.("button[data-set]");
    if (size) set(size.dataset.set, +size.value);
    if (!square) return;
    layer = +square.dataset.layer === layer ? 0 : +square.dataset.layer;
    drawTape(feed.frame.tape);
    square.focus();
  });
  el.addEventListener("change", ({ target }) => {
    if (!target.dataset?.set) return;
    set(target.dataset.set, +target.value);
    target.value = model.get(`at_${target.dataset.set}`); // where a page without a kernel has no frame, it stays
  });

  // From one square of the tape, or size of a strip, to the next.
  function along(event) {
    const all = [...event.target.closest(".cu-tape, .cu-strips ul")?.querySelectorAll("button") ?? []];
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -1, ArrowDown: 1 }[event.key];
    const to = { Home: 0, End: all.length - 1 }[event.key] ?? all.indexOf(event.target) + by;
    if (!all.length || !(to >= 0) || to >= all.length) return;
    all[to].focus();
    event.preventDefault();
    event.stopPropagation();
  }

  // Which output's window stands nearest to an input row or column: the one whose middle is.
  function nearest(windows, at) {
    const far = windows.map((read) => (read.length ? Math.abs((read[0] + read.at(-1)) / 2 - at) : Infinity));
    return far.indexOf(Math.min(...far));
  }

  let held = null; // what the pointer holds: a corner, or the window, from the input cell on at which it was pressed

  function point({ target }) {
    const cell = target.closest?.("[data-walk] .cu-cell");
    if (!cell || !all.length) return;
    const [row, column] = cell.dataset.at.split(",").map(Number);
    const { walk } = cell.closest("[data-walk]").dataset;
    if (walk === "input" && held?.at && held.at !== cell.dataset.at) {
      held.at = "moved"; // from here on, back on that cell too
      return choose("output", nearest(all[0].rows, row), nearest(all[0].columns, column));
    }
    if (walk === "input" && all[0].read(row, column) === undefined) return; // a ghost goes nowhere
    if (walk === "output" && all[0].byHand(row, column) === undefined) return; // a cell that is cut off is no output
    choose(walk, row, column);
  }

  function pull({ clientX, clientY }) {
    const { name, x, y, side, start } = held;
    const [down, across] = [Math.round((clientY - y) / side), Math.round((clientX - x) / side)];
    const apart = model.get("at_apart");
    const more = apart ? down : Math.abs(down) > Math.abs(across) ? down : across;
    if (model.get(`at_${name}`) !== start + more) set(name, start + more);
    if (apart && model.get(`at_${name}_width`) !== held.width + across) set(`${name}_width`, held.width + across);
  }

  el.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest?.("[data-grip]");
    const cell = event.target.closest?.('[data-walk="input"] .cu-cell');
    event.target.closest?.("[data-walk]")?.focus();
    if (grip) {
      const name = grip.dataset.grip;
      const sheet = grip.ownerSVGElement;
      const side = (sheet.getBoundingClientRect().width / sheet.viewBox.baseVal.width) * SIDE;
      const [start, width] = [model.get(`at_${name}`), model.get(`at_${name}_width`)];
      held = { name, x: event.clientX, y: event.clientY, side, start, width };
      near(name);
      el.setPointerCapture(event.pointerId);
      event.preventDefault();
    } else {
      if (event.target.hasPointerCapture?.(event.pointerId)) event.target.releasePointerCapture(event.pointerId);
      point(event);
      held = cell ? { at: cell.dataset.at } : null;
    }
  });
  el.addEventListener("pointermove", (event) => (held?.name ? pull(event) : point(event)));
  for (const end of ["pointerup", "pointercancel"]) el.addEventListener(end, () => (held = null));
  el.addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    const walk = event.target.closest("[data-walk]")?.dataset.walk;
    if (!walk) return along(event);
    if (!step) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would go to another cell
    if (walk !== chosen.walk) choose(walk, 0, 0);
    else choose(walk, chosen.row + step[0], chosen.column + step[1]);
  });

  function stop() {
    clearInterval(playing);
    playing = 0;
    for (const cell of el.querySelectorAll(".cu-partly")) cell.classList.remove("cu-later", "cu-partly");
    put(part("play"), { "aria-pressed": "false" });
    setText(part("play"), "▶ Play");
  }

  part("play").addEventListener("click", () => {
    if (playing) return stop();
    put(part("play"), { "aria-pressed": "true" });
    setText(part("play"), "■ Stop");
    const walked = () => (stamps() ? "input" : "output");
    playing = setInterval(() => {
      const [rows, columns] = all.length ? extent(walked()) : [0, 0];
      const next = chosen.walk === walked() ? chosen.row * columns + chosen.column + 1 : Infinity;
      if (next < rows * columns && el.isConnected) choose(walked(), Math.floor(next / columns), next % columns);
      else stop();
    }, PACE);
    choose(walked(), 0, 0);
  });
  part("copy").addEventListener("click", async () => {
    const code = part("code").querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      part("copy").textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code); // no permission: select it, so that one key press copies
      part("copy").textContent = "Selected: press Ctrl+C";
    }
    setTimeout(() => (part("copy").textContent = "Copy"), 2500);
  });

  // A control that is about to be moved has its neighbours computed.
  const near = (name) => name && !feed.isCut() && model.send?.({ near: name });
  const focused = ({ target }) => {
    const classes = target.closest?.('[class*="cu-set-"]')?.classList ?? [];
    const name = [...classes].find((one) => one.startsWith("cu-set-"));
    near(name?.slice("cu-set-".length));
  };
  let box = null;
  const found = requestAnimationFrame(() => {
    box = el.closest(".cu-explorer"); // the widget is put into the page after this function returns
    box?.addEventListener("focusin", focused);
  });
  near(model.get("controls").find(({ kind }) => kind === "number")?.name);

  feed.listeners.add(draw);
  model.on("change:problem", complain);
  model.on("change:predicted", drawPredicted);
  draw();
  drawPredicted();
  complain();
  return () => {
    cancelAnimationFrame(found);
    box?.removeEventListener("focusin", focused);
    feed.listeners.delete(draw);
    model.off("change:problem", complain);
    model.off("change:predicted", drawPredicted);
    stop();
    clearTimeout(late);
    clearTimeout(settled);
  };
}

export default { render };
