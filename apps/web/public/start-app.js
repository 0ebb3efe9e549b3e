// On a page that comes with its text (build/page-preloads.ts): the app starts when the text has been painted. A hidden page is not painted.
(() => {
  const { app } = document.currentScript.dataset;
  const start = () => {
    const script = document.createElement("script");
    script.type = "module";
    script.crossOrigin = "";
    script.src = app;
    document.head.append(script);
  };
  if (document.hidden) start();
  else requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(start)));
})();
