using System.Reflection;

namespace Flip.Config;

/// <summary>All settings of a record, in the order of its properties, found by their keys.</summary>
internal sealed class SettingCatalog
{
    private readonly List<string> _groupKeys = [];
    private readonly Dictionary<string, Setting> _byKey;

    /// <param name="record">The type of the record, whose properties all have <see cref="SettingAttribute"/>.</param>
    public SettingCatalog(Type record) => _byKey = Collect(record, []).ToDictionary(setting => setting.Key);

    /// <summary>The settings of <see cref="FlipConfig"/>.</summary>
    public static SettingCatalog Flip { get; } = new(typeof(FlipConfig));

    /// <summary>Every setting.</summary>
    public IEnumerable<Setting> All => _byKey.Values;

    /// <summary>The setting of a full key, or null.</summary>
    public Setting? Find(string key) => _byKey.GetValueOrDefault(key);

    /// <summary>A setting and its value, <c>train.batchSize = 256</c>.</summary>
    public string Shown(string key, object config)
    {
        var setting = _byKey[key];
        return $"{key} = {setting.ToText(setting.Get(config))}";
    }

    /// <summary>True for a key that holds settings, such as <c>model.image</c>.</summary>
    public bool IsGroup(string key) => _groupKeys.Contains(key);

    /// <summary>The first setting of a group, to show how one is written.</summary>
    public string FirstOf(string group) => _byKey.Keys.First(key => key.StartsWith(group + ".", StringComparison.Ordinal));

    /// <summary>The known key most like an unknown one.</summary>
    public string Nearest(string key) => Nearest(key, _byKey.Keys.Concat(_groupKeys));

    /// <summary>The candidate most like <paramref name="text"/>, by edit distance of the whole and of the last word.</summary>
    public static string Nearest(string text, IEnumerable<string> candidates) =>
        candidates.MinBy(candidate => EditDistance(text, candidate) + EditDistance(LastWord(text), LastWord(candidate)))!;

    private static string LastWord(string key) => key[(key.LastIndexOf('.') + 1)..];

    private IEnumerable<Setting> Collect(Type type, PropertyInfo[] chain)
    {
        foreach (var property in Properties(type))
        {
            PropertyInfo[] inner = [.. chain, property];
            if (property.PropertyType.Namespace == typeof(FlipConfig).Namespace && property.PropertyType.IsClass && property.PropertyType != typeof(TextList))
            {
                _groupKeys.Add(Setting.KeyOf(inner));
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

    /// <summary>Those of the record that it is derived from come first.</summary>
    private static IEnumerable<PropertyInfo> Properties(Type type) => (type.BaseType is { } shared && shared != typeof(object) ? Properties(shared) : [])
        .Concat(type.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly));

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
