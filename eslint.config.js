// The modules in static/js are read by browsers as they are: no build, no dependency, no globals
// but the browser's.
import js from "@eslint/js";
import globals from "globals";

const NOT_TEXT = "Build elements: what people wrote must stay text.";

export default [
  { ignores: [".venv/", "instance/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "eqeqeq": "error",
      "max-len": ["error", { code: 120 }],
      "no-restricted-properties": ["error",
        { property: "innerHTML", message: NOT_TEXT },
        { property: "outerHTML", message: NOT_TEXT },
        { property: "insertAdjacentHTML", message: NOT_TEXT },
      ],
      "no-shadow": "error",
      "no-unused-expressions": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-const": "error",
    },
  },
  {
    files: ["static/js/**"],
    languageOptions: { ecmaVersion: 2022, sourceType: "module", globals: globals.browser },
    rules: { "no-console": "error" },
  },
  { files: ["tests/**"], languageOptions: { globals: globals.node } },
];
