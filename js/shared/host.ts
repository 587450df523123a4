// What JupyterLab, Notebook and Voila let a widget's manager know of its kernel and of the line to it.
import type { Disposer } from "./dom";
import type { Model } from "./model";

interface Signal {
  connect(slot: () => void): unknown;
  disconnect(slot: () => void): unknown;
}

/** Other hosts may have nothing of it. */
export interface HostKernel {
  readonly status?: string;
  /** "connecting" goes on by itself; "disconnected" is for good, unless `reconnect` is called. */
  readonly connectionStatus?: string;
  readonly statusChanged?: Signal;
  readonly connectionStatusChanged?: Signal;
  /** Tries at once; rejects where that fails. */
  reconnect?(): Promise<void>;
}

export const hostKernel = (model: Model): HostKernel | undefined => (model.widget_manager as { kernel?: HostKernel } | undefined)?.kernel;

/** Also where the host does not say. */
export const isConnected = (kernel: HostKernel | undefined): boolean => kernel?.connectionStatus === undefined || kernel.connectionStatus === "connected";

/** Calls one of both whenever the line to the kernel has been lost or is back. */
export function followLine(model: Model, lost: () => void, back: () => void, disposer: Disposer): void {
  const kernel = hostKernel(model);
  let connected = isConnected(kernel);
  const changed = (): void => {
    if (connected === isConnected(kernel)) return;
    connected = !connected;
    (connected ? back : lost)();
  };
  kernel?.connectionStatusChanged?.connect(changed);
  disposer.add(() => kernel?.connectionStatusChanged?.disconnect(changed));
}

/** What ipywidgets keeps on a model to send one change at a time. */
interface Throttled {
  _pending_msgs?: number;
  _handle_status?(message: { content: { execution_state: string } }): void;
}

/**
 * Lets a model send again. ipywidgets holds back its next change until the kernel is done with the one before; where that word
 * was lost with the line it would wait for ever. To be called when the kernel has answered something that was sent later.
 */
export async function letGo(model: Model, id: string): Promise<void> {
  const real = (await model.widget_manager?.get_model(id)) as Throttled | undefined;
  if ((real?._pending_msgs ?? 0) > 0) real?._handle_status?.({ content: { execution_state: "idle" } });
}
