// Predictions on a page: asked, committed, answered with what Keras gave when the site was built, and looked back on.
// The words are those of course_utils/exercises/prediction_data.py; a test in a browser holds the two together.
(() => {
  const { file, note, colours } = window.courseRecord;
  const predictions = window.coursePredictions;
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const fromHtml = (html) => {
    const template = make("template", { innerHTML: html });
    return template.content;
  };
  const paragraph = (html) => make("p", { innerHTML: html });
  const escaped = (text) =>
    String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/(\d) × (?=\d)/g, "$1\u00a0×\u00a0");

  // -- the record: the same file that a running course writes, in the browser's storage ------------------------------

  let trouble = "";
  const same = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);

  /** The predictions in the text of a record; null if it is none. */
  function understood(text) {
    try {
      const { predictions: kept } = JSON.parse(text);
      return typeof kept === "object" && kept !== null && !Array.isArray(kept) ? kept : null;
    } catch {
      return null;
    }
  }

  function load() {
    const stored = localStorage.getItem(file);
    const kept = stored === null ? {} : understood(stored);
    if (kept) return kept;
    localStorage.setItem(`${file}.bak`, stored);
    localStorage.removeItem(file);
    trouble = `What this browser kept of your predictions is damaged. It is put aside as ${file}.bak; a new record has been begun.`;
    return {};
  }

  function store(key, entry) {
    const kept = load();
    delete kept[key];
    if (entry) kept[key] = entry;
    try {
      localStorage.setItem(file, written(kept));
    } catch {
      trouble = "This browser could not keep your answer: its storage is full.";
    }
  }

  const written = (kept) => `${JSON.stringify({ note, predictions: kept }, null, 1)}\n`;

  if (window.courseStorage.refused) {
    trouble = "This browser keeps nothing for this page, so your answers are forgotten when you leave it. You can still answer.";
  }

  /** What was committed to a question, if that is an answer to it; anyone may have edited the record. */
  function committed(key) {
    const { inputs } = predictions[key];
    const entry = load()[key];
    const fits = (values) =>
      Array.isArray(values) &&
      values.length === inputs.length &&
      values.every((value, i) => (inputs[i].options ? inputs[i].options.includes(value) : Number.isInteger(value)));
    return entry && fits(entry.said) && fits(entry.came) && typeof entry.at === "string" ? entry : null;
  }

  // -- what is said to an answer -------------------------------------------------------------------------------------

  /** What a person typed as a whole number, or a sentence about what it is instead. */
  function parsed(asked, typed) {
    if (asked.options) {
      return typed === undefined ? { problem: `${asked.plain}: nothing is chosen yet. A guess is welcome.` } : { value: typed };
    }
    const text = typed.trim();
    if (!text) return { problem: `${asked.plain}: there is no number yet. A guess is welcome.` };
    if (/^[+-]?\d+(_\d+)*$/.test(text)) return { value: Number(text.replaceAll("_", "")) };
    return { problem: `${asked.plain}: “${[...text].slice(0, 30).join("")}” is not a whole number. Type digits only, for instance 100.` };
  }

  const rows = (question, entry) =>
    question.inputs.map(({ label }, i) => {
      const agree = entry.said[i] === entry.came[i];
      return { label, mine: escaped(entry.said[i]), came: escaped(entry.came[i]), agree, sign: agree ? "✓" : "≠" };
    });

  function firstLines(question, entry) {
    const all = rows(question, entry);
    if (!question.tellsAll) {
      const [different] = all.filter((row) => !row.agree);
      if (!different) return [`All ${all.length} match.`];
      return [
        `${all.filter((row) => row.agree).length} of ${all.length} match. The first that differs: ${different.label}: ` +
          `you expected ${different.mine}; Keras gives ${different.came}.`,
      ];
    }
    if (all.length === 1) return [`You expected ${all[0].mine}; Keras gives ${all[0].came}.`];
    return all.map(({ label, mine, came, sign }) => `${sign} ${label}: you expected ${mine}; Keras gives ${came}.`);
  }

  const known = (question, entry) => question.said.find(({ to }) => same(to, entry.said));

  function reveal(question, entry) {
    const expected = same(entry.said, entry.came);
    const [first, ...more] = firstLines(question, entry);
    const sign = make("span", { textContent: expected ? "✓" : "≠", ariaHidden: "true" });
    const head = make("strong", {}, sign, expected ? " As you expected." : " A surprise.");
    sign.style.color = expected ? colours.asExpected : colours.surprise;
    const panel = make("div", { className: "panel" }, make("p", {}, head, " ", fromHtml(first)));
    panel.style.borderLeftColor = sign.style.color;
    panel.append(...[...more, question.sentence, ...(known(question, entry)?.now ?? [])].map(paragraph));
    panel.append(make("p", {}, make("small", { textContent: `You committed this at ${entry.at}.` })));
    return panel;
  }

  // -- a question ----------------------------------------------------------------------------------------------------

  /** As the running course writes it: 2026-11-30 17:05, by this machine's clock. */
  function now() {
    const two = (number) => String(number).padStart(2, "0");
    const at = new Date();
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
  }

  function wake(form) {
    const key = form.dataset.prediction;
    const question = predictions[key];
    const [commit, again] = form.querySelectorAll("button");
    const said = form.querySelector(".said");
    const fields = question.inputs.map((asked, i) => [...form.querySelectorAll(`[name="${key}/${i}"]`)]);

    function tellTrouble() {
      form.querySelector(".trouble").replaceChildren(...(trouble ? [make("p", { textContent: `⚠ ${trouble}` })] : []));
    }

    function lock(entry) {
      for (const field of [...fields.flat(), commit]) field.disabled = Boolean(entry);
      again.disabled = !entry;
    }

    function show(entry) {
      lock(entry);
      said.replaceChildren(reveal(question, entry));
      for (const fold of unfolded(form)) fold.open = true;
      tellTrouble();
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = fields.map((field, i) =>
        parsed(question.inputs[i], question.inputs[i].options ? field.find((one) => one.checked)?.value : field[0].value));
      const wrong = typed.find(({ problem }) => problem);
      if (wrong) {
        said.replaceChildren(make("p", { className: "panel", textContent: wrong.problem }));
        return;
      }
      const entry = { said: typed.map(({ value }) => value), came: question.truth, at: now() };
      store(key, entry);
      show(entry);
      again.focus();
    });
    again.addEventListener("click", () => {
      store(key, null);
      lock(null);
      said.replaceChildren(make("p", { textContent: "Your answer is taken back. What you typed is still there; change it and commit again." }));
      tellTrouble();
      commit.focus();
    });
    const before = committed(key);
    if (before) {
      before.said.forEach((value, i) => {
        if (question.inputs[i].options) fields[i].find((one) => one.value === value).checked = true;
        else fields[i][0].value = value;
      });
      show(before);
    }
    tellTrouble();
  }

  /** What is folded away behind a question, up to the next one: there is no secret any more. */
  function* unfolded(form) {
    const all = [...document.querySelectorAll("form.prediction, details.spoiler")];
    for (const one of all.slice(all.indexOf(form) + 1)) {
      if (one.matches("form")) return;
      yield one;
    }
  }

  // -- looking back --------------------------------------------------------------------------------------------------

  function lookBack(place) {
    const keys = Object.keys(predictions).filter((key) => key.startsWith(`${place.dataset.lookBack}/`));
    place.replaceChildren(...keys.map(table));
    if (trouble) place.prepend(make("p", { textContent: `⚠ ${trouble}` }));
    const save = make("button", { type: "button", textContent: `Download ${file}` });
    save.addEventListener("click", () => {
      const address = URL.createObjectURL(new Blob([written(load())], { type: "application/json" }));
      make("a", { href: address, download: file }).click();
      URL.revokeObjectURL(address);
    });
    const bring = make("input", { type: "file", accept: ".json" });
    bring.addEventListener("change", () => take(bring.files[0]));
    const why = "These are all your answers, as the running course keeps them in its folder notebooks.";
    place.append(make("p", { className: "buttons" }, save, make("label", {}, "or bring one along: ", bring)), make("p", {}, make("small", { textContent: why })));
  }

  /** Add the answers of a file, from the running course or another browser, to those that are kept here. */
  async function take(brought) {
    const found = understood(await brought.text());
    if (found) localStorage.setItem(file, written({ ...load(), ...found }));
    else trouble = `${brought.name} holds no predictions.`;
    if (found) location.reload();
    else lookBackOnAll();
  }

  function table(key) {
    const question = predictions[key];
    const entry = committed(key);
    const title = `<strong>${question.question}</strong>`;
    if (!entry) return paragraph(`${title} Not answered.`);
    const heads = ["", "you expected", "Keras gives", ""].map((text) => make(text ? "th" : "td", text ? { scope: "col", textContent: text } : {}));
    const body = rows(question, entry).map(({ label, mine, came, sign }) =>
      make("tr", {}, ...[label, mine, came, sign].map((html) => make("td", { innerHTML: html }))));
    const after = known(question, entry)?.later;
    const caption = make("caption", { innerHTML: question.question });
    const whole = make("table", {}, caption, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...body));
    return make("div", {}, whole, ...(after ? [paragraph(after)] : []));
  }

  for (const form of document.querySelectorAll("form.prediction")) wake(form);
  const places = document.querySelectorAll("[data-look-back]");
  const lookBackOnAll = () => places.forEach(lookBack);
  lookBackOnAll();
  // What is answered further up, or in another tab, is looked back on at once.
  addEventListener("submit", lookBackOnAll);
  addEventListener("click", (event) => event.target.matches(".again") && lookBackOnAll());
  addEventListener("storage", lookBackOnAll);
})();
