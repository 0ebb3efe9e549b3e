/** A request with a large body: `onUpload` is called with the share that was sent, 0 to 1. */
export interface UploadInit extends RequestInit {
  onUpload?: (share: number) => void;
}

/** `fetch` for uploads: the browser's own doesn't report upload progress. */
export function fetchWithProgress(url: string, { method = "POST", headers, body, signal, onUpload }: UploadInit): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open(method, url);
    for (const [name, value] of new Headers(headers)) call.setRequestHeader(name, value);
    const abort = () => call.abort();
    signal?.addEventListener("abort", abort, { once: true });
    call.upload.addEventListener("progress", ({ loaded, total }) => onUpload?.(total > 0 ? loaded / total : 0));
    call.addEventListener("load", () => {
      const type = call.getResponseHeader("content-type") ?? "application/json";
      const isEmpty = call.status === 204 || call.status === 304;
      resolve(new Response(isEmpty ? null : call.responseText, { status: call.status, headers: { "content-type": type } }));
    });
    call.addEventListener("error", () => reject(new TypeError("The upload was interrupted.")));
    call.addEventListener("abort", () => reject(new DOMException("The upload was canceled.", "AbortError")));
    call.addEventListener("loadend", () => signal?.removeEventListener("abort", abort));
    if (signal?.aborted) abort();
    else call.send(body as XMLHttpRequestBodyInit);
  });
}
