using System.Text.Json;

namespace Flip.Ingest.Selection;

/// <summary>Text that a user wrote for a place in a query. The database's own parser says whether it is what belongs there and nothing more.</summary>
internal static class SqlExpression
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = 4096 };

    /// <summary>Checks a condition.</summary>
    /// <param name="session">The database.</param>
    /// <param name="text">The condition.</param>
    /// <param name="option">What the user calls it.</param>
    /// <returns>The last part of every name in it.</returns>
    /// <exception cref="ConfigException">It is no expression, or more than one.</exception>
    public static IReadOnlySet<string> Condition(QuerySession session, string text, string option)
    {
        using var parsed = Parse(session, $"SELECT (\n{text}\n)", text, option);
        var node = Statement(parsed, text, option);
        return node.GetProperty("select_list").GetArrayLength() == 1 && IsPlain(node) && node.GetProperty("modifiers").GetArrayLength() == 0 && !IsEmpty(text)
            ? Names(node)
            : throw NotOne(option, text, "one condition");
    }

    /// <summary>Checks expressions to sort by.</summary>
    /// <inheritdoc cref="Condition"/>
    public static IReadOnlySet<string> Order(QuerySession session, string text, string option)
    {
        using var parsed = Parse(session, $"SELECT 1 ORDER BY\n{text}\n", text, option);
        var node = Statement(parsed, text, option);
        var modifiers = node.GetProperty("modifiers");
        return IsPlain(node) && modifiers.GetArrayLength() == 1 && modifiers[0].GetProperty("type").GetString() == "ORDER_MODIFIER"
            ? Names(node)
            : throw NotOne(option, text, "what to sort by, such as 'similarity DESC, width'");
    }

    private static JsonDocument Parse(QuerySession session, string sql, string text, string option)
    {
        try
        {
            return JsonDocument.Parse(session.Texts($"SELECT json_serialize_sql({SqlText.Literal(sql)})")[0]!, Deep);
        }
        catch (Exception e) when (e is QueryException or JsonException)
        {
            throw new ConfigException($"{option} '{text}' cannot be read: {e.Message}");
        }
    }

    private static JsonElement Statement(JsonDocument parsed, string text, string option)
    {
        var root = parsed.RootElement;
        if (root.GetProperty("error").GetBoolean())
        {
            throw root.GetProperty("error_type").GetString() != "parser" ? NotOne(option, text, "one expression") // a statement that is no query
                : new ConfigException($"{option} '{text}' cannot be read: {root.GetProperty("error_message").GetString()}.");
        }

        var statements = root.GetProperty("statements");
        return statements.GetArrayLength() == 1 && statements[0].GetProperty("node") is var node && node.GetProperty("type").GetString() == "SELECT_NODE"
            ? node
            : throw NotOne(option, text, "one expression");
    }

    /// <summary>Whether a query has nothing but what is selected.</summary>
    private static bool IsPlain(JsonElement node) =>
        node.GetProperty("from_table").GetProperty("type").GetString() == "EMPTY"
        && node.GetProperty("group_expressions").GetArrayLength() == 0
        && ((string[])["where_clause", "having", "sample", "qualify"]).All(part => node.GetProperty(part).ValueKind == JsonValueKind.Null);

    private static bool IsEmpty(string text) => text.Trim().Length == 0;

    private static ConfigException NotOne(string option, string text, string expected) => new($"{option} '{text}': expected {expected}, and nothing behind it.");

    private static HashSet<string> Names(JsonElement node)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        Collect(node);
        return names;

        void Collect(JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Object)
            {
                foreach (var field in element.EnumerateObject())
                {
                    if (field.Name == "column_names" && field.Value.ValueKind == JsonValueKind.Array)
                    {
                        names.UnionWith(field.Value.EnumerateArray().Where(part => part.ValueKind == JsonValueKind.String).Select(part => part.GetString()!));
                    }

                    Collect(field.Value);
                }
            }
            else if (element.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in element.EnumerateArray())
                {
                    Collect(item);
                }
            }
        }
    }
}
