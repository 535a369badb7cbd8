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

const KEPT = "Committed predictions are kept; what you typed and did not commit is not, so note it down.";
const ENDED = `The kernel that answered here has ended. Choose Run → Run All Cells. ${KEPT}`;
const CUT_OFF =
  "There is no connection to the kernel, so nothing here answers. If this line stays, see that the server runs, save " +
  `the notebook, reload the page, and choose Run → Run All Cells. ${KEPT}`;

// Why nothing answers, or "". A kernel that is busy answers later: that is no trouble.
function trouble(el, manager, home) {
  const kernel = manager?.kernel; // JupyterLab's; other pages may not have it
  const cut = kernel === null || ["connecting", "disconnected"].includes(kernel?.connectionStatus);
  if (cut || kernel?.status === "dead") return CUT_OFF;
  return el.closest(".jupyter-widgets-disconnected") || kernel?.id !== home ? ENDED : "";
}

// Say so above the controls, which JupyterLab leaves as they were, and read it out to whoever is among them.
function watch(el, line, manager) {
  const notice = document.createElement("div");
  notice.className = "cu-cut-off";
  notice.hidden = true;
  el.append(notice);
  const home = manager?.kernel?.id;
  let last = "";
  return setInterval(() => {
    const now = trouble(el, manager, home);
    const output = el.parentElement;
    if (now && line.textContent !== now && output?.contains(document.activeElement)) line.textContent = now;
    if (now === last) return;
    last = notice.textContent = now;
    notice.hidden = !now;
    el.style.order = now ? -1 : "";
  }, 1000);
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
  const pulse = watch(el, line, model.widget_manager);
  return () => {
    clearInterval(pulse);
    cancelAnimationFrame(frame);
    observer.disconnect();
    model.off("change:say", say);
  };
}

export default { render };
