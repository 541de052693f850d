using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Conversion.Download;
using Flip.Io;

namespace Flip.Cli.Commands;

/// <summary><c>flip pull</c>: downloads a published model.</summary>
internal static class PullCommand
{
    private const string HubVariable = "HF_ENDPOINT";
    private const string TokenVariable = "HF_TOKEN";

    private static readonly Argument<string> Name = new("name")
    {
        Description = "Model of a Hugging Face hub (owner/model), or the https address of one file, with --sha256.",
    };

    private static readonly Option<string?> To = new("--to") { Description = "Folder of the model (default: models/OWNER/MODEL, or models/FILE for an address)." };
    private static readonly Option<string?> Revision = new("--revision") { Description = "Branch, tag or commit (default: main)." };
    private static readonly Option<string?> Hub = new("--hub") { Description = $"Address of the hub (default: ${HubVariable}, else https://huggingface.co)." };

    private static readonly Option<string> TokenEnv = new("--token-env")
    {
        Description = "Environment variable that holds the access token, for gated and private models. It is sent to the hub's host alone.",
        DefaultValueFactory = _ => TokenVariable,
    };

    private static readonly Option<string?> Sha256 = new("--sha256") { Description = "SHA-256 of the file at the address, 64 hexadecimal digits." };
    private static readonly Option<bool> Json = new("--json") { Description = "Print the files as JSON." };

    public static Command Create()
    {
        var command = new Command(
            "pull",
            "Download a published model: configuration, tokenizer and weights, every file checked with its hash. A second call goes on where the first one stopped.")
        {
            Name, To, Revision, Hub, TokenEnv, Sha256, Json,
        };
        command.SetAction(async (result, cancellation) =>
        {
            var name = result.GetValue(Name)!;
            Uri.TryCreate(name.Contains("://", StringComparison.Ordinal) ? name : null, UriKind.Absolute, out var url);
            Check(result, name, url);
            var view = new DownloadView(Consoles.Of(error: result.GetValue(Json)));
            var download = new ModelDownload(new DownloadOptions
            {
                Hub = new Uri(HubAddress(result)),
                Token = TokenOf(result),
                TokenName = result.GetValue(TokenEnv)!,
                Progress = view,
                Notice = view.Message,
            });
            try
            {
                var folder = result.GetValue(To) ?? DefaultFolder(name, url);
                OutputPlace.CheckFolder(folder, "--to");
                var model = await view.ShowAsync(() => url is null
                    ? download.FromHubAsync(name, result.GetValue(Revision) ?? "main", folder, cancellation)
                    : download.FromUrlAsync(url, result.GetValue(Sha256)!, folder, cancellation));
                Print(model, result.GetValue(Json));
                return 0;
            }
            catch (OperationCanceledException)
            {
                view.Message("What has arrived is kept; the same command goes on from there.");
                throw;
            }
        });
        return command;
    }

    private static string HubAddress(ParseResult result) =>
        NotEmpty(result.GetValue(Hub)) ?? NotEmpty(Environment.GetEnvironmentVariable(HubVariable)) ?? new DownloadOptions().Hub.AbsoluteUri;

    private static string? TokenOf(ParseResult result) => NotEmpty(Environment.GetEnvironmentVariable(result.GetValue(TokenEnv)!));

    private static string? NotEmpty(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static void Check(ParseResult result, string name, Uri? url)
    {
        var (sha256, hub) = (result.GetValue(Sha256), HubAddress(result));
        var problems = new List<string>();
        if (url is null && !ModelDownload.IsRepositoryName(name))
        {
            problems.Add($"{name}: expected owner/model, such as openai/clip-vit-base-patch32, or the https address of a file.");
        }

        if (url is not null && !ModelDownload.IsSafe(url))
        {
            problems.Add($"{name}: expected an https address.");
        }

        if (url is not null && (sha256 is null || !ModelDownload.IsSha256(sha256)))
        {
            problems.Add("--sha256: a file at an address needs its SHA-256, 64 hexadecimal digits; nothing else says that it is the right one.");
        }

        if (url is null && sha256 is not null)
        {
            problems.Add("--sha256: belongs to the address of one file; the hub lists the hashes of a model's files.");
        }

        if (url is not null && result.GetValue(Revision) is not null)
        {
            problems.Add("--revision: belongs to a model of a hub, not to an address.");
        }

        if (url is null && !(Uri.TryCreate(hub, UriKind.Absolute, out var address) && ModelDownload.IsSafe(address)))
        {
            problems.Add($"--hub {hub} (or ${HubVariable}): expected an https address.");
        }

        if (TokenOf(result)?.Any(c => c is <= ' ' or > '~') == true)
        {
            problems.Add($"${result.GetValue(TokenEnv)}: is no access token, it holds blanks or other signs.");
        }

        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }
    }

    private static string DefaultFolder(string name, Uri? url) =>
        Path.Combine("models", url is null ? Path.Combine(name.Split('/')) : Path.GetFileNameWithoutExtension(Uri.UnescapeDataString(url.Segments[^1])));

    private static void Print(DownloadedModel model, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(model, JsonOutput.Options));
            return;
        }

        var brought = model.Files.Where(file => !file.WasPresent).ToList();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{model.Source}{(model.Revision is null ? string.Empty : $" at {model.Revision[..12]}")}: {brought.Count} files, {brought.Sum(file => file.Size) / 1e6:N1} MB, "
            + $"are new; {model.Files.Count - brought.Count} were here. All have the right hash."));
        Console.WriteLine($"Next: flip inspect {model.Folder}");
        Console.WriteLine($"      flip eval {model.Folder} --on 'val-*.tar' --classes classes.json");
    }
}
