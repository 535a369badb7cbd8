// Two frameworks side by side: their rows for a case, and what tells their rules apart.
(() => {
  const { frameworks, cases, parts, rules, calls, said, answers } = window.elsewhere;
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const numbered = (texts) => texts.map((text, number) => [number, text]);

  function choice(label, options, chosen) {
    const id = `elsewhere-${label.toLowerCase().replace(" ", "-")}`;
    const select = make("select", { id }, ...options.map(([value, text]) => make("option", { value, textContent: text })));
    select.value = chosen;
    select.addEventListener("change", show);
    return { select, element: make("div", {}, make("label", { htmlFor: id, textContent: label }), select) };
  }

  const operations = [...new Set(cases.map(([operation]) => operation))];
  const names = numbered(frameworks.map(([name]) => name));
  const first = cases.findIndex(([operation, name]) => operation === "convolution" && name === "k=3, s=2, same, n=6");
  const operation = choice("Operation", operations.map((name) => [name, name]), cases[first][0]);
  const one = choice("Case", [], first);
  const left = choice("Framework", names, 0);
  const right = choice("Beside it", names, frameworks.findIndex(([name]) => name === "PyTorch"));
  const shown = make("div", { className: "elsewhere-shown" });
  shown.setAttribute("aria-live", "polite");

  const answersOf = (framework, number) => answers[framework].filter(([asked]) => asked === number);
  const isRow = (answer) => Array.isArray(answer[2]);
  const same = (mine, other) => mine.length === other.length && mine.every((value, i) => value === other[i]);
  const casesOf = (name) => cases.flatMap(([done], number) => (done === name ? [number] : []));

  /** Whether the other framework gives rows for a case, but none that is the one on the left. */
  function differs(number) {
    const base = answersOf(Number(left.select.value), number).find(isRow);
    const rows = answersOf(Number(right.select.value), number).filter(isRow);
    return Boolean(base) && rows.length > 0 && !rows.some((answer) => same(base[2], answer[2]));
  }

  /** The cases of the chosen operation, and a mark on all that differ; return how many do. */
  function offer() {
    const differing = new Set([...cases.keys()].filter(differs));
    const mark = (option, text, found) => (option.textContent = found ? `≠ ${text}` : text);
    const fitting = casesOf(operation.select.value);
    if (!fitting.includes(Number(one.select.value))) {
      one.select.replaceChildren(...fitting.map((value) => make("option", { value })));
      one.select.value = fitting.find((number) => differing.has(number)) ?? fitting[0];
    }
    for (const option of one.select.options) mark(option, cases[option.value][1], differing.has(Number(option.value)));
    for (const option of operation.select.options) mark(option, option.value, casesOf(option.value).some((number) => differing.has(number)));
    return differing.size;
  }

  const begun = (text) => (text.startsWith("k ") ? text : text[0].toUpperCase() + text.slice(1));
  const sentence = (rule) => begun(rule.map((part) => parts[part]).join("; ")) + ".";

  function row(values) {
    const cells = values.map((value) => make("span", { className: "elsewhere-cell", textContent: value }));
    return make("p", { className: "elsewhere-row" }, ...cells, make("span", { textContent: ` size ${values.length}` }));
  }

  function column(framework, found, base) {
    const [name, versions] = frameworks[framework];
    const blocks = found.map((answer) => {
      const block = make("div", { className: "elsewhere-answer" }, make("code", { textContent: calls[answer[1]] }));
      if (!isRow(answer)) {
        block.append(make("p", { textContent: `No row: ${said[answer[2]]}` }));
      } else {
        block.append(row(answer[2]));
        const [line, explained] = base && base !== answer ? verdict(base, answer) : ["", false];
        block.append(line);
        if (!explained) block.append(make("p", { innerHTML: answer[3] < 0 ? "No rule is known that gives this row." : sentence(rules[answer[3]]) }));
      }
      return block;
    });
    if (!blocks.length) blocks.push(make("p", { textContent: "It is not asked: there is no such operation, or no call for these settings." }));
    return make("section", {}, make("h3", { textContent: name }), make("p", { className: "elsewhere-versions", textContent: versions }), ...blocks);
  }

  /** How a row differs from the one on the left, and whether that says why. */
  function verdict([, , mine, ruleOfMine], [, , other, ruleOfOther]) {
    const equal = same(mine, other);
    const text = equal ? "= The same row." : mine.length === other.length ? "≠ The same size, other values." : `≠ Another size: ${other.length}, not ${mine.length}.`;
    const line = make("p", { className: "elsewhere-verdict" }, make("strong", { textContent: text }));
    if (ruleOfMine < 0 || ruleOfOther < 0) return [line, false];
    const only = (some, others) => some.filter((part) => !others.includes(part)).map((part) => parts[part]).join("; ");
    const here = only(rules[ruleOfMine], rules[ruleOfOther]);
    const there = only(rules[ruleOfOther], rules[ruleOfMine]);
    const why = here || there ? ` ${equal ? "The rules differ all the same" : "Why"}: on the left, ${here || "nothing more"}. Here, ${there || "nothing more"}.` : "";
    line.append(make("span", { innerHTML: why }));
    return [line, why !== ""];
  }

  function show() {
    const differing = offer();
    const number = Number(one.select.value);
    const [mine, other] = [left, right].map((side) => answersOf(Number(side.select.value), number));
    const cells = make("p", { className: "elsewhere-input" }, "Cells that go in: ", ...cases[number][2].map((value) => make("span", { className: "elsewhere-cell", textContent: value })));
    const sides = make("div", { className: "elsewhere-sides" }, column(Number(left.select.value), mine), column(Number(right.select.value), other, mine.find(isRow)));
    const marks = differing ? `In ${differing} of ${cases.length} cases the one on the right never gives the row of the one on the left; ≠ marks them in the lists above.` : "Wherever both give a row, they can be asked so that it is the same one.";
    shown.replaceChildren(make("p", { className: "elsewhere-marks", textContent: marks }), cells, sides);
  }

  one.select.replaceChildren(...casesOf(operation.select.value).map((value) => make("option", { value })));
  one.select.value = first;
  document.querySelector("[data-elsewhere]").append(make("div", { className: "elsewhere-choices" }, operation.element, one.element, left.element, right.element), shown);
  show();
})();
