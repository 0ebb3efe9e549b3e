"""Starts the server: `python -m app`. It reloads on changes unless APP_RELOAD is 0."""

import os

import uvicorn

if __name__ == "__main__":
    uvicorn.run(
        "app.main:app",
        host="0.0.0.0",
        port=int(os.environ.get("PORT", "8000")),
        reload=os.environ.get("APP_RELOAD", "1") == "1",
        reload_dirs=["app"],
        # The preview's proxy speaks for the browser.
        proxy_headers=True,
        forwarded_allow_ips="*",
    )
