type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface SessionFetchOptions {
  /** The browser's fetch. */
  fetch: Fetch;
  /** The session is over and could not be renewed. */
  onSignedOut: () => void;
  /** Every answer or failure to get one, for the connection pill. */
  onReach?: (isReached: boolean) => void;
}
export interface SessionFetch {
  fetch: Fetch;
  /** Renews the access cookie; false when the session is over. Parallel callers share one request. */
  refresh: () => Promise<boolean>;
  /** Forget the CSRF token: after login and logout it belongs to another session. */
  reset: () => void;
  /**
   * The session belongs to somebody in whose name an administrator acts: renewing it brings the administrator back, so that nothing may be sent again
   * under it. `over` is called when it has ended. `undefined`: no longer so.
   */
  setImpersonation: (over: (() => void) | undefined) => void;
}

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);
/** Calls whose 401 speaks of the credentials sent, not of the session. */
const answersForItself = /\/api\/auth\/(?:login|register|refresh|csrf|logout|2fa\/(?:verify|resend)|passkeys\/sign-in)/;
/** Exempt from CSRF. */
const needsNoToken =
  /\/api\/auth\/(?:login|register|refresh|logout|forgot-password|reset-password|verify|2fa\/verify|2fa\/resend|passkeys\/sign-in(?:\/options)?)$/;

/**
 * Fetch for cookie sessions: sends the CSRF header with every write, renews token and session once
 * where the server asks for it, and reports a session that is over.
 */
export function createSessionFetch({ fetch, onSignedOut, onReach }: SessionFetchOptions): SessionFetch {
  let csrf: Promise<string> | undefined;
  let refreshing: Promise<boolean> | undefined;
  let actingOver: (() => void) | undefined;

  const reach: Fetch = async (url, init) => {
    try {
      const response = await fetch(url, { credentials: "same-origin", ...init });
      onReach?.(true);
      return response;
    } catch (error) {
      if (!init.signal?.aborted) onReach?.(false);
      throw error;
    }
  };

  const readToken = async (): Promise<string> => {
    const response = await reach("/api/auth/csrf", { method: "GET", headers: { accept: "application/json" } });
    const body = response.ok ? ((await response.json()) as { csrf_token?: string }) : {};
    return body.csrf_token ?? "";
  };
  const token = (): Promise<string> => {
    csrf ??= readToken().catch((error: unknown) => {
      csrf = undefined;
      throw error;
    });
    return csrf;
  };

  const refresh = (): Promise<boolean> => {
    refreshing ??= reach("/api/auth/refresh", { method: "POST", headers: { accept: "application/json" } })
      .then((response) => response.ok)
      .finally(() => {
        refreshing = undefined;
      });
    return refreshing;
  };

  const attempt = async (url: string, init: RequestInit): Promise<Response> => {
    if (safeMethods.has(init.method ?? "GET") || needsNoToken.test(url)) return reach(url, init);
    return reach(url, { ...init, headers: { ...(init.headers as Record<string, string>), "x-csrf-token": await token() } });
  };

  const codeOf = async (response: Response): Promise<string> => {
    const body = (await response
      .clone()
      .json()
      .catch(() => ({}))) as { code?: string };
    return body.code ?? "";
  };

  return {
    refresh,
    reset: () => {
      csrf = undefined;
    },
    setImpersonation: (over) => {
      actingOver = over;
    },
    async fetch(url, init) {
      let response = await attempt(url, init);
      if (response.status === 401 && !answersForItself.test(url)) {
        if (actingOver) {
          actingOver();
          return response;
        }
        if (!(await refresh())) {
          onSignedOut();
          return response;
        }
        response = await attempt(url, init);
        if (response.status === 401) onSignedOut();
      }
      if (response.status === 403 && !safeMethods.has(init.method ?? "GET") && (await codeOf(response)).startsWith("csrf_")) {
        csrf = undefined;
        response = await attempt(url, init);
      }
      return response;
    },
  };
}
