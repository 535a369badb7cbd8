// Draws a Frame (see frame.py) and does the pointing: which cells an output cell reads, where an input cell goes, and
// the arithmetic written out. Knows no formula: which cells belong together, and every number, come from Python.

const SHELL = `
  <div class="cu-problem" role="alert" hidden></div>
  <div class="cu-notes"></div>
  <div class="cu-picture">
    <div class="cu-photos"></div>
    <div class="cu-grids"></div>
    <p class="cu-arithmetic" role="status" aria-live="polite"></p>
  </div>
  <div class="cu-extra"></div>
  <div class="cu-remarks"></div>
  <div class="cu-answers"></div>
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

// Change `old` into `fresh` in place, so that nothing on the page is taken away and put back: no flicker, no lost focus.
function morph(old, fresh) {
  for (const { name } of [...old.attributes]) {
    const mine = name === "open" && old.nodeName === "DETAILS"; // opened by the reader, who also closes it
    if (!mine && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
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

function paragraphs(lines) {
  const element = document.createElement("div");
  for (const line of lines) element.appendChild(document.createElement("p")).textContent = line;
  return element.innerHTML;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// One <figure> for each item, kept from frame to frame; `draw` fills it.
function figures(place, items, kind, draw) {
  items.forEach((item, i) => {
    let figure = place.children[i];
    if (!figure) {
      figure = place.appendChild(document.createElement("figure"));
      figure.className = kind;
      figure.append(document.createElement("figcaption"));
    }
    if (figure.dataset.name !== item.name) figure.dataset.name = item.name;
    setText(figure.firstElementChild, item.title);
    draw(figure, item);
  });
  while (place.children.length > items.length) place.lastElementChild.remove();
}

function drawGrid(figure, { svg, walk }) {
  let sheet = figure.querySelector(".cu-sheet");
  if (!sheet) {
    sheet = figure.appendChild(document.createElement("div"));
    sheet.className = "cu-sheet";
    sheet.dataset.lmSuppressShortcuts = "true";
  }
  if ((sheet.dataset.walk ?? "") !== walk) {
    if (walk) {
      Object.assign(sheet.dataset, { walk });
      sheet.tabIndex = 0;
      sheet.setAttribute("role", "application");
      sheet.setAttribute("aria-label", WALKS[walk]);
    } else for (const name of ["data-walk", "tabindex", "role", "aria-label"]) sheet.removeAttribute(name);
  }
  fill(sheet, svg);
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

// -- the arithmetic of one output cell ---------------------------------------------------------------------------

const signed = (text) => text.replace(/−[\d.∞]+/g, "($&)");

// Every input cell that one output cell is made of, as [row in the map, column, the factors it is multiplied by].
function cellsOf(sums, row, column) {
  return sums.rows[row].flatMap((r, i) =>
    sums.columns[column].map((c, j) => {
      const factors = [];
      if (sums.kernel) {
        const a = sums.kernel_rows ? sums.kernel_rows[row][i] : i;
        const b = sums.kernel_columns ? sums.kernel_columns[column][j] : j;
        factors.push(sums.kernel[a][b]);
      }
      if (sums.row_weights) factors.push(sums.row_weights[row][i], sums.column_weights[column][j]);
      return { r, c, value: sums.inputs[r]?.[c], factors };
    }),
  );
}

function writtenOut(sums, row, column) {
  const cells = cellsOf(sums, row, column);
  const per = sums.columns[column].length;
  const lines = (terms, joint) => {
    const rows = [];
    for (let i = 0; i < terms.length; i += per) rows.push(terms.slice(i, i + per).join(joint));
    return rows.join(`${joint.trimEnd() === "," ? "," : ""}\n${joint === " + " ? "+ " : "  "}`);
  };
  if (!cells.length) return "nothing reaches this cell";
  if (sums.how === "max") return `max(${lines(cells.map(({ value }) => value ?? sums.ghost), ", ")})`;
  if (sums.how === "mean") {
    const real = cells.filter(({ value }) => value !== undefined);
    const left = cells.length - real.length;
    const uncounted = left ? `  (${left} ghost ${left > 1 ? "cells are" : "cell is"} not counted)` : "";
    return `(${real.map(({ value }) => signed(value)).join(" + ")}) / ${real.length}${uncounted}`;
  }
  return lines(
    cells.map(({ value, factors }) => [value ?? sums.ghost, ...factors].map(signed).join("·")),
    " + ",
  );
}

function explainOutput(all, row, column) {
  const texts = all.map((sums) => {
    const result = `= ${sums.by_hand[row][column]}    Keras: ${sums.keras[row][column]}`;
    return `${sums.label ? `${sums.label}:\n` : ""}  ${writtenOut(sums, row, column)}\n${result}`;
  });
  return `Output row ${row}, column ${column}:\n${texts.join("\n")}`;
}

// Which of these lists hold the number.
const having = (lists, number) => lists.flatMap((list, i) => (list.includes(number) ? [i] : []));

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
  return `Input row ${row}, column ${column} holds ${all[0].inputs[row][column]}.\n${reached.join("\n")}`;
}

// -- lighting cells ----------------------------------------------------------------------------------------------

// Frame the cells in these rows and columns of one grid, and light exactly those.
function light(svg, rows, columns) {
  if (!svg) return;
  const { cell, margin, top, left } = svg.dataset;
  const lit = new Set(rows.flatMap((r) => columns.map((c) => `${r},${c}`)));
  for (const group of svg.querySelectorAll(".cu-cell")) group.classList.toggle("cu-lit", lit.has(group.dataset.at));
  const frame = svg.querySelector(".cu-frame");
  frame.setAttribute("visibility", lit.size ? "visible" : "hidden");
  if (!lit.size) return;
  const [r0, r1] = [Math.min(...rows), Math.max(...rows)];
  const [c0, c1] = [Math.min(...columns), Math.max(...columns)];
  frame.setAttribute("x", +margin + (c0 - left) * cell);
  frame.setAttribute("y", +margin + (r0 - top) * cell);
  frame.setAttribute("width", (c1 - c0 + 1) * cell);
  frame.setAttribute("height", (r1 - r0 + 1) * cell);
}

const within = (value, count) => Math.min(Math.max(value, 0), count - 1);

function render({ model, el }) {
  el.classList.add("cu-view");
  el.innerHTML = SHELL;
  const part = (name) => el.querySelector(`.cu-${name}`);
  const sheet = (name) => part("grids").querySelector(`[data-name="${name}"] svg`);
  let chosen = { walk: "output", row: 0, column: 0 };

  function lightOutput(sums, row, column) {
    light(sheet(sums.source), sums.rows[row], sums.columns[column]);
    light(sheet(sums.result), [row], [column]);
    for (const [name, how] of Object.entries(sums.follow ?? {})) {
      if (how === "cell") light(sheet(name), [row], [column]);
      if (how === "row") light(sheet(name), [row], sums.rows[row]);
      if (how === "column") light(sheet(name), [column], sums.columns[column]);
      if (how === "stamp_row") light(sheet(name), sums.rows[row], [row]);
      if (how === "stamp_column") light(sheet(name), sums.columns[column], [column]);
      if (how === "kernel") light(sheet(name), sums.kernel_rows[row], sums.kernel_columns[column]);
    }
  }

  function lightInput(sums, row, column) {
    const [rows, columns] = [having(sums.rows, row), having(sums.columns, column)];
    const [down, across] = stampOf(sums, row, column);
    light(sheet(sums.source), [row], [column]);
    light(sheet(sums.result), down, across);
    for (const [name, how] of Object.entries(sums.follow ?? {})) {
      if (how === "cell") light(sheet(name), rows, columns);
      if (how === "row") light(sheet(name), rows, [row]);
      if (how === "column") light(sheet(name), columns, [column]);
      if (how === "stamp_row") light(sheet(name), [row], down);
      if (how === "stamp_column") light(sheet(name), [column], across);
      if (how === "kernel") light(sheet(name), [...sums.kernel.keys()], [...sums.kernel[0].keys()]);
    }
  }

  function choose(walk, row, column) {
    const all = model.get("frame").arithmetic ?? [];
    if (!all.length) return setText(part("arithmetic"), "");
    const [rows, columns] =
      walk === "output"
        ? [all[0].rows.length, all[0].columns.length]
        : [all[0].inputs.length, all[0].inputs[0].length];
    chosen = { walk, row: within(row, rows), column: within(column, columns) };
    for (const sums of all) (walk === "output" ? lightOutput : lightInput)(sums, chosen.row, chosen.column);
    const explain = walk === "output" ? explainOutput : explainInput;
    setText(part("arithmetic"), explain(all, chosen.row, chosen.column));
  }

  function draw() {
    const frame = model.get("frame");
    figures(part("photos"), frame.photos ?? [], "cu-photo", drawPhoto);
    figures(part("grids"), frame.grids ?? [], "cu-grid", drawGrid);
    fill(part("extra"), frame.extra ?? "");
    fill(part("remarks"), paragraphs(frame.remarks ?? []));
    fill(part("answers"), frame.answers ?? "");
    setText(part("code").querySelector("code"), frame.code ?? "");
    part("code").hidden = !frame.code;
    // A grid that stayed as it was may be lit by what no longer is; one that was walked may not be walked any more.
    for (const svg of part("grids").querySelectorAll("svg")) light(svg, [], []);
    if (!(frame.grids ?? []).some(({ walk }) => walk === chosen.walk)) chosen = { walk: "output", row: 0, column: 0 };
    choose(chosen.walk, chosen.row, chosen.column);
  }

  function complain() {
    setText(part("problem"), model.get("problem"));
    part("problem").hidden = !model.get("problem");
  }

  const note = () => fill(part("notes"), paragraphs(model.get("notes")));

  part("grids").addEventListener("pointermove", ({ target }) => {
    const cell = target.closest("[data-walk] .cu-cell");
    if (!cell) return;
    const [row, column] = cell.dataset.at.split(",").map(Number);
    const { walk } = cell.closest("[data-walk]").dataset;
    const { inputs, by_hand } = model.get("frame").arithmetic?.[0] ?? {};
    if (walk === "input" && inputs?.[row]?.[column] === undefined) return; // a ghost goes nowhere
    if (walk === "output" && by_hand?.[row]?.[column] === undefined) return; // a cell that is cut off is no output
    choose(walk, row, column);
  });
  part("grids").addEventListener("pointerdown", ({ target }) => target.closest("[data-walk]")?.focus());
  part("grids").addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    const walk = event.target.closest("[data-walk]")?.dataset.walk;
    if (!step || !walk) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would go to another cell
    if (walk !== chosen.walk) choose(walk, 0, 0);
    else choose(walk, chosen.row + step[0], chosen.column + step[1]);
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

  const watch = { "change:frame": draw, "change:problem": complain, "change:notes": note };
  for (const [event, action] of Object.entries(watch)) model.on(event, action);
  for (const action of Object.values(watch)) action();
  return () => {
    for (const [event, action] of Object.entries(watch)) model.off(event, action);
  };
}

export default { render };
