// "Report": one file of what the explorer shows, made in the kernel while its user goes on, fetched piece by piece and saved by the
// browser. How far it is, what has no room in it and what went wrong stand in a panel under the button.
import { type Disposer, h } from "../shared/dom";
import { saveFile } from "../shared/menu";
import type { Model } from "../shared/model";
import type { Rpc } from "../shared/rpc";

export interface ReportState {
  state: "running" | "done" | "cancelled" | "failed";
  number: number;
  max_mb: number;
  done: number;
  total: number;
  name?: string;
  size?: number;
  images?: number;
  left_out?: number;
  notes?: string[];
  larger?: number | null;
  sentence?: string;
  details?: string;
}

const WHAT = "One file with the heatmap, the images, their boxes and maps, as they stand here. It opens from disk by a double click, without Jupyter or network.";

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** What a report that is made holds, and what it does not. */
export function describeReport({ size = 0, images = 0, left_out: leftOut = 0, notes = [], max_mb: most }: ReportState): string[] {
  if (leftOut === 0) return [`All ${images} images are in it, ${megabytes(size)}.`, ...notes];
  return [`It is full at ${most} MB: those behind the strongest cells came first.`, ...notes];
}

export class ReportPanel {
  readonly button = h("button", { class: "ec-button ex-report-button", type: "button", title: "One file of what you see, to hand over: opens without Jupyter", "aria-expanded": "false", "data-testid": "report" }, "Report");
  readonly panel = h("section", { class: "ex-report", "aria-label": "Report", "data-testid": "report-panel", hidden: true });
  private readonly says = h("div", { class: "ex-report-says", role: "status", "data-testid": "report-says" });
  private readonly meter = h("progress", { class: "ex-meter", "aria-label": "pictures of the report made" });
  private readonly details = h("details", {}, h("summary", {}, "Details"));
  private readonly actions = h("div", { class: "ex-report-actions" });
  /** The report that was asked for here: it is saved as soon as it is there, and not where another view asked. */
  private asked = false;
  private fetching = "";

  constructor(
    private readonly model: Model,
    private readonly rpc: Rpc,
    private readonly disposer: Disposer,
  ) {
    const close = h("button", { class: "ec-icon-button", type: "button", "aria-label": "Close", title: "Close (Esc)", "data-testid": "report-close" }, "×");
    this.panel.append(h("div", { class: "ex-report-head" }, h("strong", {}, "Report"), close), h("p", {}, WHAT), this.meter, this.says, this.details, this.actions);
    disposer.listen(close, "click", () => this.close());
    disposer.listen(this.button, "click", () => {
      if (!this.panel.hidden) return this.close();
      this.open(true);
      if (this.state?.state !== "running") this.start(this.state?.max_mb);
    });
    disposer.listen(this.actions, "click", (event) => this.act((event.target as Element).closest<HTMLElement>("[data-do]")));
    for (const el of [this.panel, this.button]) {
      disposer.listen<KeyboardEvent>(el, "keydown", (event) => {
        if (event.key !== "Escape" || this.panel.hidden) return;
        event.preventDefault();
        event.stopPropagation();
        this.close();
      });
    }
    disposer.watch(model, "report", () => this.changed());
    this.show();
  }

  private get state(): ReportState | null {
    return this.model.get<ReportState | null>("report");
  }

  private open(open: boolean): void {
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    this.show();
  }

  private close(): void {
    this.open(false);
    this.button.focus();
  }

  private act(button: HTMLElement | null): void {
    const what = button?.dataset.do;
    if (what === "stop") void this.rpc.request("report_cancel").catch(() => undefined); // shown under the widget
    else if (what === "again") this.start(this.state?.max_mb);
    else if (what === "larger") this.start(this.state?.larger ?? undefined);
    else if (what === "save") void this.save();
  }

  private start(most?: number): void {
    this.asked = true;
    void this.rpc.request("report", { max_mb: most }).catch(() => (this.asked = false)); // shown under the widget
  }

  private changed(): void {
    const { state } = this.state ?? {};
    this.show();
    if (state === "running" || !this.asked) return;
    this.asked = false;
    if (state === "done") void this.save();
  }

  /** A piece after the other, so that what else is asked meanwhile is answered in between. */
  private async save(): Promise<void> {
    const report = this.state;
    if (report?.state !== "done" || this.fetching) return;
    const { number, size = 0, name = "report.html" } = report;
    const pieces: DataView[] = [];
    try {
      for (let start = 0; start < size; ) {
        this.fetching = `Fetching it: ${megabytes(start)} of ${megabytes(size)}`;
        this.show();
        const { buffers } = await this.rpc.request("report_piece", { number, start });
        if (this.disposer.disposed) return;
        pieces.push(buffers[0]);
        start += buffers[0].byteLength;
      }
      saveFile(name, pieces, "text/html");
    } catch {
      // shown under the widget; it can be saved again
    } finally {
      this.fetching = "";
      this.show();
    }
  }

  private show(): void {
    const report = this.state;
    const running = report?.state === "running";
    const percent = report && running && report.total ? ` ${Math.floor((100 * report.done) / report.total)} %` : "";
    this.button.textContent = this.panel.hidden && running ? `Report${percent || "…"}` : "Report";
    this.panel.dataset.state = this.fetching ? "fetching" : (report?.state ?? "none");
    this.meter.hidden = !running;
    if (report && report.total > 0) {
      this.meter.max = report.total;
      this.meter.value = report.done;
    } else this.meter.removeAttribute("value");
    this.says.replaceChildren(...this.words(report).map((sentence) => h("p", {}, sentence)));
    this.says.classList.toggle("ex-report-problem", report?.state === "failed");
    this.details.hidden = !report?.details;
    this.details.replaceChildren(h("summary", {}, "Details"), h("pre", {}, report?.details ?? ""));
    this.offer(report);
  }

  private words(report: ReportState | null): string[] {
    if (this.fetching) return [this.fetching];
    switch (report?.state) {
      case undefined:
        return [];
      case "running":
        return [report.total ? `${report.done} of ${report.total} pictures` : "Counting boxes and maps…"];
      case "done":
        return [`${report.name} is ready.`, ...describeReport(report)];
      case "cancelled":
        return ["Stopped; nothing was saved."];
      case "failed":
        return [report.sentence ?? "The report could not be made."];
    }
  }

  /** Made anew only where they differ: a button that is replaced under the pointer cannot be clicked. */
  private offer(report: ReportState | null): void {
    const offers: [string, string][] = [];
    if (report?.state === "running") offers.push(["stop", "Stop"]);
    if (report?.state === "done" && !this.fetching) {
      offers.push(["save", "Save it again"], ["again", "Make it anew"]);
      if (report.larger) offers.push(["larger", `Make it larger, up to ${report.larger} MB`]);
    }
    if (report?.state === "cancelled" || report?.state === "failed") offers.push(["again", "Try again"]);
    const key = offers.flat().join("|");
    if (this.actions.dataset.offers === key) return;
    const focused = this.actions.contains(document.activeElement);
    this.actions.dataset.offers = key;
    this.actions.replaceChildren(...offers.map(([what, text]) => h("button", { class: "ec-button", type: "button", "data-do": what, "data-testid": `report-${what}` }, text)));
    if (focused) (this.actions.querySelector<HTMLElement>("button") ?? this.button).focus();
  }
}
