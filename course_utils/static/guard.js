// Makes the ipywidgets beside it safe and readable; see guard.py.

const CONTROLS = ".noUi-handle, .widget-readout, button, select, input, textarea, summary, a[href], [tabindex]";

function set(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function labelOf(element) {
  const widget = element.closest(".jupyter-widgets, .widget-toggle-buttons");
  return widget?.querySelector(".widget-label")?.textContent ?? "";
}

function mend(output) {
  // ipywidgets writes title="null" where there is no tooltip.
  for (const label of output.querySelectorAll('[title="null"]')) label.removeAttribute("title");
  for (const control of output.querySelectorAll(CONTROLS)) {
    // JupyterLab looks for this on the focused element itself.
    set(control, "data-lm-suppress-shortcuts", "true");
  }
  for (const handle of output.querySelectorAll(".noUi-handle")) set(handle, "aria-label", labelOf(handle));
  for (const readout of output.querySelectorAll(".widget-readout[contenteditable]")) {
    set(readout, "role", "textbox");
    set(readout, "aria-label", `${labelOf(readout)}, type a value`);
  }
  for (const group of output.querySelectorAll(".widget-toggle-buttons")) {
    set(group, "role", "group");
    set(group, "aria-label", labelOf(group));
    for (const button of group.querySelectorAll("button")) {
      set(button, "aria-pressed", String(button.classList.contains("mod-active")));
    }
  }
}

function render({ model, el }) {
  const line = document.createElement("div");
  line.className = "cu-say";
  line.setAttribute("role", "status");
  line.setAttribute("aria-live", "polite");
  el.append(line);
  const say = () => {
    if (line.textContent !== model.get("say")) line.textContent = model.get("say");
  };
  model.on("change:say", say);
  say();

  const observer = new MutationObserver(() => mend(output));
  let output = null;
  const start = () => {
    output = el.closest(".jp-OutputArea-output, .output_area, .cell-output") ?? el.parentElement;
    if (!output) return;
    mend(output);
    observer.observe(output, { childList: true, subtree: true, attributes: true, attributeFilter: ["class"] });
  };
  const frame = requestAnimationFrame(start); // the widget is put into the page after this function returns
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
    model.off("change:say", say);
  };
}

export default { render };
