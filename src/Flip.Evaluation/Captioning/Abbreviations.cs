using System.Text.RegularExpressions;

namespace Flip.Evaluation.Captioning;

/// <summary>Abbreviations, whose full stop belongs to the word. Those that are words as well count with a capital only.</summary>
internal static partial class Abbreviations
{
    /// <summary>Letters with full stops (<c>u.s.</c>, <c>a.m.</c>, also one letter), months, days, states, titles, companies, streets.</summary>
    [GeneratedRegex(
        @"\G(?:(?i:[a-z](?:\.[a-z])*|(?:ed|ph)\.d|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tues?|wed|thu(?:rs)?|fri"
        + @"|mr|mrs|ms|drs?|profs?|rev|sens?|reps?|govs?|pres|hon|gen|col|maj|capt|lt|lieut|sgt|cpl|pvt|brig|adm|jr|sr|ste?|mt|ft|messrs|attys?|det|insp|supts?"
        + @"|adj|adv|asst|assoc|ens|msgr|mlle|mme|pfc|spc|sfc|co?mdr|esq|bros|ave|blvd|rd|bldg|dept|univ|elec|natl|intl|invt|assn|sys|alex|wm|jos|cie"
        + @"|inc|cos?|corp|ltd|plc|rt|bancorp|bhd|pp?t[ye]s?|etc|vs|al|seq|cf|ph|treas|tel|est|ext|sq"
        + @"|ala|ariz|calif|colo|conn|ct|dak|fla|ga|ind|kans?|ky|md|mich|minn|mo|mont|neb|nev|okla|penn|tenn|va|vt|wisc?|wyo)"
        + @"|(?:A(?i:z|rk)|D(?i:el)|I(?i:ll)|L(?i:a)|M(?i:ass|iss)|O(?i:re)|P(?i:a)|T(?i:ex)|W(?i:ash)|[Mm][ft][Gg]))\.",
        RegexOptions.CultureInvariant)]
    public static partial Regex AtAnyPlace();

    /// <summary>Abbreviations before a number: <c>no. 5</c>.</summary>
    [GeneratedRegex(@"\G(?:ca|figs?|prop|nos?|art|bldg|pp|op)\.(?=\s?\p{Nd})", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    public static partial Regex BeforeNumber();
}
