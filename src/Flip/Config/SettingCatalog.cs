using System.Reflection;

namespace Flip.Config;

/// <summary>All settings of <see cref="FlipConfig"/>, in the order of the records, found by their keys.</summary>
internal static class SettingCatalog
{
    private static readonly List<string> GroupKeys = [];
    private static readonly Dictionary<string, Setting> ByKey = Collect(typeof(FlipConfig), []).ToDictionary(setting => setting.Key);

    /// <summary>Every setting.</summary>
    public static IEnumerable<Setting> All => ByKey.Values;

    /// <summary>The setting of a full key, or null.</summary>
    public static Setting? Find(string key) => ByKey.GetValueOrDefault(key);

    /// <summary>True for a key that holds settings, such as <c>model.image</c>.</summary>
    public static bool IsGroup(string key) => GroupKeys.Contains(key);

    /// <summary>The first setting of a group, to show how one is written.</summary>
    public static string FirstOf(string group) => ByKey.Keys.First(key => key.StartsWith(group + ".", StringComparison.Ordinal));

    /// <summary>The known key most like an unknown one.</summary>
    public static string Nearest(string key) => Nearest(key, ByKey.Keys.Concat(GroupKeys));

    /// <summary>The candidate most like <paramref name="text"/>, by edit distance of the whole and of the last word.</summary>
    public static string Nearest(string text, IEnumerable<string> candidates) =>
        candidates.MinBy(candidate => EditDistance(text, candidate) + EditDistance(LastWord(text), LastWord(candidate)))!;

    private static string LastWord(string key) => key[(key.LastIndexOf('.') + 1)..];

    private static IEnumerable<Setting> Collect(Type type, PropertyInfo[] chain)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            PropertyInfo[] inner = [.. chain, property];
            if (property.PropertyType.Namespace == typeof(FlipConfig).Namespace && property.PropertyType.IsClass)
            {
                GroupKeys.Add(Setting.KeyOf(inner));
                foreach (var setting in Collect(property.PropertyType, inner))
                {
                    yield return setting;
                }
            }
            else
            {
                yield return new Setting(inner);
            }
        }
    }

    /// <summary>Levenshtein's distance, case ignored.</summary>
    private static int EditDistance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 0; i < a.Length; i++)
        {
            var diagonal = row[0]++;
            for (var j = 0; j < b.Length; j++)
            {
                var replaced = diagonal + (char.ToUpperInvariant(a[i]) == char.ToUpperInvariant(b[j]) ? 0 : 1);
                diagonal = row[j + 1];
                row[j + 1] = Math.Min(replaced, Math.Min(diagonal, row[j]) + 1);
            }
        }

        return row[b.Length];
    }
}
