namespace Actors.Grains.Schemas;

/// <summary>Bodies of the meta-schemas: what follows their common head.</summary>
internal static class MetaSchemaTexts
{
    public const string Schema = """
        "allOf": [
          { "$ref": "meta/core" }, { "$ref": "meta/applicator" }, { "$ref": "meta/unevaluated" }, { "$ref": "meta/validation" },
          { "$ref": "meta/meta-data" }, { "$ref": "meta/format-annotation" }, { "$ref": "meta/content" }
        ],
        "properties": {
          "definitions": { "type": "object", "additionalProperties": { "$dynamicRef": "#meta" } },
          "dependencies": {
            "type": "object",
            "additionalProperties": { "anyOf": [{ "$dynamicRef": "#meta" }, { "$ref": "meta/validation#/$defs/stringArray" }] }
          },
          "$recursiveAnchor": { "$ref": "meta/core#/$defs/anchorString" },
          "$recursiveRef": { "$ref": "meta/core#/$defs/uriReferenceString" }
        }
        """;

    public const string Core = """
        "properties": {
          "$id": { "$ref": "#/$defs/uriReferenceString", "pattern": "^[^#]*#?$" },
          "$schema": { "$ref": "#/$defs/uriString" },
          "$ref": { "$ref": "#/$defs/uriReferenceString" },
          "$anchor": { "$ref": "#/$defs/anchorString" },
          "$dynamicRef": { "$ref": "#/$defs/uriReferenceString" },
          "$dynamicAnchor": { "$ref": "#/$defs/anchorString" },
          "$vocabulary": { "type": "object", "propertyNames": { "$ref": "#/$defs/uriString" }, "additionalProperties": { "type": "boolean" } },
          "$comment": { "type": "string" },
          "$defs": { "type": "object", "additionalProperties": { "$dynamicRef": "#meta" } }
        },
        "$defs": {
          "anchorString": { "type": "string", "pattern": "^[A-Za-z_][-A-Za-z0-9._]*$" },
          "uriString": { "type": "string", "format": "uri" },
          "uriReferenceString": { "type": "string", "format": "uri-reference" }
        }
        """;

    public const string Applicator = """
        "properties": {
          "prefixItems": { "$ref": "#/$defs/schemaArray" },
          "items": { "$dynamicRef": "#meta" },
          "contains": { "$dynamicRef": "#meta" },
          "additionalProperties": { "$dynamicRef": "#meta" },
          "properties": { "$ref": "#/$defs/schemaMap" },
          "patternProperties": { "$ref": "#/$defs/schemaMap", "propertyNames": { "format": "regex" } },
          "dependentSchemas": { "$ref": "#/$defs/schemaMap" },
          "propertyNames": { "$dynamicRef": "#meta" },
          "if": { "$dynamicRef": "#meta" },
          "then": { "$dynamicRef": "#meta" },
          "else": { "$dynamicRef": "#meta" },
          "allOf": { "$ref": "#/$defs/schemaArray" },
          "anyOf": { "$ref": "#/$defs/schemaArray" },
          "oneOf": { "$ref": "#/$defs/schemaArray" },
          "not": { "$dynamicRef": "#meta" }
        },
        "$defs": {
          "schemaArray": { "type": "array", "minItems": 1, "items": { "$dynamicRef": "#meta" } },
          "schemaMap": { "type": "object", "additionalProperties": { "$dynamicRef": "#meta" } }
        }
        """;

    public const string Unevaluated = """
        "properties": { "unevaluatedItems": { "$dynamicRef": "#meta" }, "unevaluatedProperties": { "$dynamicRef": "#meta" } }
        """;

    public const string Validation = """
        "properties": {
          "type": {
            "anyOf": [
              { "$ref": "#/$defs/simpleTypes" },
              { "type": "array", "items": { "$ref": "#/$defs/simpleTypes" }, "minItems": 1, "uniqueItems": true }
            ]
          },
          "const": true,
          "enum": { "type": "array", "items": true },
          "multipleOf": { "type": "number", "exclusiveMinimum": 0 },
          "maximum": { "type": "number" },
          "exclusiveMaximum": { "type": "number" },
          "minimum": { "type": "number" },
          "exclusiveMinimum": { "type": "number" },
          "maxLength": { "$ref": "#/$defs/count" },
          "minLength": { "$ref": "#/$defs/count" },
          "pattern": { "type": "string", "format": "regex" },
          "maxItems": { "$ref": "#/$defs/count" },
          "minItems": { "$ref": "#/$defs/count" },
          "uniqueItems": { "type": "boolean" },
          "maxContains": { "$ref": "#/$defs/count" },
          "minContains": { "$ref": "#/$defs/count" },
          "maxProperties": { "$ref": "#/$defs/count" },
          "minProperties": { "$ref": "#/$defs/count" },
          "required": { "$ref": "#/$defs/stringArray" },
          "dependentRequired": { "type": "object", "additionalProperties": { "$ref": "#/$defs/stringArray" } }
        },
        "$defs": {
          "count": { "type": "integer", "minimum": 0 },
          "simpleTypes": { "enum": ["array", "boolean", "integer", "null", "number", "object", "string"] },
          "stringArray": { "type": "array", "items": { "type": "string" }, "uniqueItems": true }
        }
        """;

    public const string MetaData = """
        "properties": {
          "title": { "type": "string" },
          "description": { "type": "string" },
          "default": true,
          "deprecated": { "type": "boolean" },
          "readOnly": { "type": "boolean" },
          "writeOnly": { "type": "boolean" },
          "examples": { "type": "array", "items": true }
        }
        """;

    public const string Content = """
        "properties": {
          "contentEncoding": { "type": "string" },
          "contentMediaType": { "type": "string" },
          "contentSchema": { "$dynamicRef": "#meta" }
        }
        """;
}
