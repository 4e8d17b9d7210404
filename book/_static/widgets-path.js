// Loaded after require.js: tells the bundle of ipywidgets where its icon fonts are, beside it.
require.config({
  paths: {
    "@jupyter-widgets/html-manager/dist": new URL(
      "vendor/@jupyter-widgets/html-manager/dist",
      document.currentScript.src
    ).href,
  },
});
