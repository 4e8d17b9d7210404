// Loaded after require.js, before the bundle of ipywidgets.

// Where the bundle's icon fonts are: beside it.
require.config({
  paths: {
    "@jupyter-widgets/html-manager/dist": new URL(
      "vendor/@jupyter-widgets/html-manager/dist",
      document.currentScript.src
    ).href,
  },
});

// Widgets ask for formulas in the words of MathJax 2; the page has MathJax 3.
window.addEventListener("load", () => {
  const MathJax = window.MathJax;
  if (MathJax && MathJax.startup) {
    const typeset = (element) => () => MathJax.typesetPromise([element]);
    MathJax.Hub = {
      Queue: ([, , element]) => MathJax.startup.promise.then(typeset(element)),
    };
  }
});
