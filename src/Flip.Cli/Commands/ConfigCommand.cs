using System.CommandLine;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip config</c>: the resolved settings, their meaning, the presets.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        var describe = new Option<bool>("--describe") { Description = "List every setting with type, default, range and meaning." };
        var presets = new Option<bool>("--presets") { Description = "List the presets with cost and expected score." };
        var json = new Option<bool>("--json") { Description = "Print lists as JSON." };
        var settings = new ConfigOptions(ConfigOptions.Train);
        var command = new Command("config", "Print the resolved configuration as JSON.") { describe, presets, json };
        settings.AddTo(command);
        command.SetAction(result =>
        {
            if (result.GetValue(describe))
            {
                Describe(result.GetValue(json));
            }
            else if (result.GetValue(presets))
            {
                ListPresets(result.GetValue(json));
            }
            else
            {
                Console.Write(ConfigWriter.ToJson(settings.Resolve(result)));
            }

            return 0;
        });
        return command;
    }

    private static void Describe(bool json)
    {
        var rows = ConfigWriter.Describe();
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(rows, JsonOutput.Options));
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("setting").NoWrap()).AddColumns("type", "default", "range", "meaning");
        foreach (var row in rows)
        {
            table.AddRow(new[] { row.Key, row.Type, row.Default, row.Range, row.Meaning }.Select(Markup.Escape).ToArray());
        }

        Consoles.Output().Write(table);
    }

    private static void ListPresets(bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(
                Presets.All.Select(p => new { p.Name, p.Summary, p.Command, p.Cost, p.ExpectedScore }), JsonOutput.Options));
            return;
        }

        foreach (var preset in Presets.All)
        {
            Console.WriteLine($"{preset.Name,-16} {preset.Summary}");
            Console.WriteLine($"{string.Empty,-16} {preset.Command}");
            Console.WriteLine($"{string.Empty,-16} {preset.Cost}; {preset.ExpectedScore}");
        }
    }
}
