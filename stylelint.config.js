export default {
  extends: "stylelint-config-standard",
  rules: {
    // Up to three declarations read well on the line of their selector.
    "declaration-block-single-line-max-declarations": 3,
    // Safari before 16.4 does not read (width >= 40em).
    "media-feature-range-notation": "prefix",
    // The files are ordered by component, not by how strong a selector is.
    "no-descending-specificity": null,
    // Safari knows this property by its prefixed name only.
    "property-no-vendor-prefix": [true, { ignoreProperties: ["text-size-adjust"] }],
    // States are written as the database holds them: .in_repair
    "selector-class-pattern": "^[a-z][a-z0-9]*([-_][a-z0-9]+)*$",
    // Groups of custom properties are parted by empty lines, and names of fonts have capitals.
    "custom-property-empty-line-before": null,
    "value-keyword-case": ["lower", { ignoreProperties: ["/^--/"] }],
  },
};
