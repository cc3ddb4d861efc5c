import {
  ApiException,
  type ConfigurationOptions,
  KubeConfig,
  Observable,
  type ObservableMiddleware,
} from "@kubernetes/client-node";
import { isRecord } from "../lib/records.ts";

/** The API server as the pod's own service account sees it. */
export function inCluster(): KubeConfig {
  const config = new KubeConfig();
  config.loadFromCluster();
  return config;
}

/** Ends a call when the signal aborts. */
export const until = (signal: AbortSignal): ConfigurationOptions<ObservableMiddleware> => ({
  middleware: [
    {
      pre(request) {
        request.setSignal(signal);
        return new Observable(Promise.resolve(request));
      },
      post: (response) => new Observable(Promise.resolve(response)),
    },
  ],
  middlewareMergeStrategy: "append",
});

/** The status of the API server's answer; undefined when there was none. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof ApiException ? error.code : undefined;

function messageIn(body: unknown): string {
  let status = body;
  try {
    if (typeof body === "string") status = JSON.parse(body);
  } catch {
    // Not the API server's own words.
  }
  return isRecord(status) && typeof status.message === "string" ? `: ${status.message}` : "";
}

/** Runs calls; an error that the API server answered with becomes one line. */
export async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    throw new Error(`the API server answered ${error.code}${messageIn(error.body)}`, { cause: error });
  }
}
