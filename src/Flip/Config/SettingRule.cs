namespace Flip.Config;

/// <summary>What settings ask of each other: the keys that a rule reads, and the sentence it says when broken.</summary>
/// <param name="Keys">Settings that the rule reads; the first one is to blame.</param>
/// <param name="Demand">What the first setting lacks; null where nothing.</param>
internal sealed record SettingRule<TConfig>(string[] Keys, Func<TConfig, string?> Demand)
    where TConfig : class
{
    /// <summary>The broken rules, leaving out those that read one of <paramref name="badKeys"/>, which are reported already.</summary>
    public static IEnumerable<string> Problems(
        IEnumerable<SettingRule<TConfig>> rules, SettingCatalog catalog, TConfig config, IReadOnlySet<string> badKeys) =>
        from rule in rules
        where !rule.Keys.Any(badKeys.Contains)
        let demand = rule.Demand(config)
        where demand is not null
        select $"{catalog.Shown(rule.Keys[0], config)}: {demand}";
}
