// Draws a Frame (see frame.py) and does the pointing: which cells an output cell reads, and the sum written out.
// Knows no formula: which cells are read, and every number, come from Python.

const SHELL = `
  <div class="cu-problem" role="alert" hidden></div>
  <div class="cu-picture">
    <div class="cu-grids"></div>
    <p class="cu-arithmetic" role="status" aria-live="polite"></p>
  </div>
  <div class="cu-answers"></div>
  <details class="cu-code">
    <summary>The same in Keras: code to copy</summary>
    <button type="button" class="cu-copy">Copy</button>
    <pre tabindex="0" aria-label="Keras code of this setting"><code></code></pre>
  </details>`;

const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

// Change `old` into `fresh` in place, so that nothing on the page is taken away and put back: no flicker, no lost focus.
function morph(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
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

function fill(element, markup) {
  const fresh = element.cloneNode(false);
  fresh.innerHTML = markup;
  morph(element, fresh);
}

function gridsMarkup(grids) {
  return grids
    .map(({ name, title, svg }) => {
      const walk = `tabindex="0" role="application" data-lm-suppress-shortcuts="true"
        aria-label="Output cells. Move with the arrow keys to see which window each came from."`;
      return `<figure class="cu-grid" data-name="${name}"><figcaption>${title}</figcaption>
        <div class="cu-sheet" ${name === "output" ? walk : ""}>${svg}</div></figure>`;
    })
    .join("");
}

// The sum behind one output cell: each input number times its weight.
function sumOf({ rows, columns, inputs, ghost, kernel }, row, column) {
  const signed = (text) => text.replace(/−[\d.]+/g, "($&)");
  const line = (r, i) =>
    columns[column].map((c, j) => `${signed(inputs[r]?.[c] ?? ghost)}·${signed(kernel[i][j])}`).join(" + ");
  return rows[row].map(line).join("\n+ "); // one line for each row of the window
}

// Frame the cells in these rows and columns of one grid, and light exactly those.
function light(svg, rows, columns) {
  const { cell, margin, top, left } = svg.dataset;
  const lit = new Set(rows.flatMap((r) => columns.map((c) => `${r},${c}`)));
  for (const group of svg.querySelectorAll(".cu-cell")) group.classList.toggle("cu-lit", lit.has(group.dataset.at));
  const [r0, r1] = [Math.min(...rows), Math.max(...rows)];
  const [c0, c1] = [Math.min(...columns), Math.max(...columns)];
  const frame = svg.querySelector(".cu-frame");
  frame.setAttribute("x", +margin + (c0 - left) * cell);
  frame.setAttribute("y", +margin + (r0 - top) * cell);
  frame.setAttribute("width", (c1 - c0 + 1) * cell);
  frame.setAttribute("height", (r1 - r0 + 1) * cell);
  frame.setAttribute("visibility", "visible");
}

function render({ model, el }) {
  el.classList.add("cu-view");
  el.innerHTML = SHELL;
  const part = (name) => el.querySelector(`.cu-${name}`);
  const sheet = (name) => el.querySelector(`[data-name="${name}"] svg`);
  let chosen = [0, 0];

  function choose(row, column) {
    const sums = model.get("frame").arithmetic;
    if (!sums) return;
    chosen = [Math.min(Math.max(row, 0), sums.rows.length - 1), Math.min(Math.max(column, 0), sums.columns.length - 1)];
    const [r, c] = chosen;
    light(sheet("input"), sums.rows[r], sums.columns[c]);
    light(sheet("output"), [r], [c]);
    const text = `Output row ${r}, column ${c}:\n  ${sumOf(sums, r, c)}\n= ${sums.by_hand[r][c]}    Keras: ${sums.keras[r][c]}`;
    if (part("arithmetic").textContent !== text) part("arithmetic").textContent = text;
  }

  function draw() {
    const frame = model.get("frame");
    fill(part("grids"), gridsMarkup(frame.grids ?? []));
    fill(part("answers"), frame.answers ?? "");
    part("code").querySelector("code").textContent = frame.code ?? "";
    part("arithmetic").textContent = frame.arithmetic ? part("arithmetic").textContent : "";
    choose(...chosen);
  }

  function complain() {
    part("problem").textContent = model.get("problem");
    part("problem").hidden = !model.get("problem");
  }

  part("grids").addEventListener("pointermove", ({ target }) => {
    const cell = target.closest('[data-name="output"] .cu-cell');
    if (cell) choose(...cell.dataset.at.split(",").map(Number));
  });
  part("grids").addEventListener("pointerdown", ({ target }) => target.closest('[role="application"]')?.focus());
  part("grids").addEventListener("keydown", (event) => {
    const step = KEYS[event.key];
    if (!step || !event.target.closest('[role="application"]')) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would go to another cell
    choose(chosen[0] + step[0], chosen[1] + step[1]);
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

  model.on("change:frame", draw);
  model.on("change:problem", complain);
  draw();
  complain();
  return () => {
    model.off("change:frame", draw);
    model.off("change:problem", complain);
  };
}

export default { render };
