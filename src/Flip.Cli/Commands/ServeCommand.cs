using System.CommandLine;
using System.Net;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Server;
using Flip.Server.Models;
using Flip.Server.Requests;
using Flip.Server.Security;
using Flip.Serving;

namespace Flip.Cli.Commands;

/// <summary><c>flip serve</c>: a model over HTTP.</summary>
internal sealed class ServeCommand
{
    private const int DefaultPort = 8080;
    private const string KeyVariable = "FLIP_API_KEY";
    private static readonly EngineOptions Engine = new();
    private static readonly ServerOptions Server = new();

    private readonly Func<IDisposable> _holdSignals;
    private readonly Argument<string> _model = ModelArgument.Create();
    private readonly ConfigOptions _settings = new(ConfigOptions.Serve);
    private readonly Option<string?> _index = new("--index") { Description = "Index of images to search (flip index makes it with this model)." };
    private readonly Option<string> _host = new("--host") { Description = "Address to listen on: 127.0.0.1, ::1, localhost, or one that others reach, such as 0.0.0.0, which needs a key.", DefaultValueFactory = _ => "127.0.0.1" };
    private readonly Option<int> _port = new("--port") { Description = "Port to listen on; 0 takes a free one.", DefaultValueFactory = _ => DefaultPort };
    private readonly Option<string?> _name = new("--name") { Description = "What requests call the model (default: the last part of its path)." };
    private readonly Option<string?> _keyFile = new("--api-key-file") { Description = $"File with the key that requests must show; or put the key into the variable {KeyVariable}." };
    private readonly Option<bool> _makeKey = new("--generate-api-key") { Description = "Make a key and show it once, on standard error." };
    private readonly Option<string[]> _allowHost = new("--allow-host") { Description = "Name by which a server without a key is asked besides those of this machine, as behind a proxy; may be repeated.", AllowMultipleArgumentsPerToken = false };
    private readonly Option<bool> _allowUrls = new("--allow-urls") { Description = "Fetch images of http and https addresses in requests, from the internet alone." };
    private readonly Option<bool> _noPage = new("--no-page") { Description = "Serve no page for browsers." };
    private readonly Option<int> _batchWait = new("--batch-wait") { Description = "Milliseconds that the first item of a batch waits for others.", DefaultValueFactory = _ => (int)Engine.MaxWait.TotalMilliseconds };
    private readonly Option<int> _queue = new("--queue") { Description = "Images and texts that may wait; what does not fit is answered with 429.", DefaultValueFactory = _ => Engine.QueueLength };
    private readonly Option<int> _drain = new("--drain") { Description = "Seconds that requests may take to end after SIGTERM or Ctrl-C.", DefaultValueFactory = _ => (int)Server.DrainTime.TotalSeconds };
    private readonly Option<int> _timeout = new("--timeout") { Description = "Seconds that a request may take.", DefaultValueFactory = _ => (int)Server.Limits.RequestTime.TotalSeconds };
    private readonly Option<int> _maxBody = new("--max-body") { Description = "Bytes of a request's body.", DefaultValueFactory = _ => Server.Limits.BodyBytes };
    private readonly Option<long> _maxPixels = new("--max-pixels") { Description = "Width times height of an image.", DefaultValueFactory = _ => Engine.MaxPixels };
    private readonly Option<int> _maxImages = new("--max-images") { Description = "Images of a request.", DefaultValueFactory = _ => Server.Limits.Images };
    private readonly Option<int> _maxTexts = new("--max-texts") { Description = "Texts of a request.", DefaultValueFactory = _ => Server.Limits.Texts };
    private readonly Option<int> _maxTextLength = new("--max-text-length") { Description = "Characters of a text.", DefaultValueFactory = _ => Server.Limits.TextLength };
    private readonly Option<int> _maxConnections = new("--max-connections") { Description = "Connections at a time.", DefaultValueFactory = _ => Server.Limits.Connections };
    private readonly Option<bool> _json = new("--json") { Description = "Print one line of JSON with the address once the model is warm." };

    private ServeCommand(Func<IDisposable> holdSignals) => _holdSignals = holdSignals;

    /// <param name="holdSignals">Lets the server take its own time to end, until what it returns is disposed of.</param>
    public static Command Create(Func<IDisposable> holdSignals)
    {
        var serve = new ServeCommand(holdSignals);
        var command = new Command("serve", "Serve a model over HTTP: embeddings as OpenAI's clients ask for them, classes, ranking, captions, answers.")
        {
            serve._model, serve._index, serve._host, serve._port, serve._name, serve._keyFile, serve._makeKey, serve._allowHost, serve._allowUrls, serve._noPage, serve._batchWait, serve._queue, serve._drain, serve._timeout,
            serve._maxBody, serve._maxPixels, serve._maxImages, serve._maxTexts, serve._maxTextLength, serve._maxConnections, serve._json,
        };
        serve._settings.AddTo(command);
        command.SetAction(serve.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellation)
    {
        // Everything that can be wrong about options is reported before the model is loaded.
        var engineOptions = EngineOptionsOf(result);
        var options = ServerOptionsOf(result);
        Refuse(engineOptions.Problems(), options.Problems(engineOptions.QueueLength));
        var isJson = result.GetValue(_json);
        void Say(string line) => Console.Error.WriteLine(line);
        var model = ServedModels.Open(result.GetValue(_model)!, result.GetValue(_name), _settings.Sets(result), Say);
        await using var engine = new FlipEngine(model, engineOptions);
        using var index = result.GetValue(_index) is { } folder ? ServedIndex.Open(folder, model, Say) : null;
        await using var server = await FlipServer.StartAsync(engine, options, index, say: Say, cancellation: cancellation);
        if (result.GetValue(_makeKey))
        {
            Console.Error.WriteLine($"The key, shown this once: {options.Key!.Text}");
        }

        var address = server.Address.ToString().TrimEnd('/');
        Console.WriteLine(isJson
            ? JsonSerializer.Serialize(new { url = address, model = model.Name, abilities = model.Abilities })
            : $"Listening on {address}");
        using var held = _holdSignals();
        await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await server.StopAsync();
        return 0;
    }

    private EngineOptions EngineOptionsOf(ParseResult result) => new()
    {
        MaxWait = TimeSpan.FromMilliseconds(InRange(result, _batchWait, 0, (int)EngineOptions.LongestWait.TotalMilliseconds)),
        QueueLength = InRange(result, _queue, 1, EngineOptions.LongestQueue),
        MaxPixels = result.GetValue(_maxPixels) is >= 1 and <= int.MaxValue / 8 and var pixels
            ? pixels : throw new ConfigException(FormattableString.Invariant($"--max-pixels {result.GetValue(_maxPixels)}: must be from 1 to {int.MaxValue / 8}.")),
    };

    private ServerOptions ServerOptionsOf(ParseResult result) => new()
    {
        Host = Address(result.GetValue(_host)!),
        Port = InRange(result, _port, 0, 65535),
        Key = Key(result),
        AllowedHosts = result.GetValue(_allowHost) ?? [],
        AllowUrls = result.GetValue(_allowUrls),
        Page = !result.GetValue(_noPage),
        DrainTime = TimeSpan.FromSeconds(InRange(result, _drain, 0, (int)ServerOptions.LongestDrain.TotalSeconds)),
        Limits = new ServerLimits
        {
            BodyBytes = InRange(result, _maxBody, 1024, 1 << 30),
            BodyMemory = Math.Max(Server.Limits.BodyMemory, 4L * result.GetValue(_maxBody)),
            Images = InRange(result, _maxImages, 1, ServerLimits.Most),
            Texts = InRange(result, _maxTexts, 1, ServerLimits.Most),
            TextLength = InRange(result, _maxTextLength, 1, ServerLimits.Most),
            Connections = InRange(result, _maxConnections, 1, ServerLimits.Most),
            RequestTime = TimeSpan.FromSeconds(InRange(result, _timeout, 1, 3600)),
        },
    };

    private static int InRange(ParseResult result, Option<int> option, int least, int most) => result.GetValue(option) is var value && value >= least && value <= most
        ? value : throw new ConfigException(FormattableString.Invariant($"{option.Name} {value}: must be from {least} to {most}."));

    private static IPAddress Address(string host) => host == "localhost" ? IPAddress.Loopback
        : IPAddress.TryParse(host, out var address) ? address
        : throw new ConfigException($"--host {host}: expected an address of this machine, such as 127.0.0.1 or 0.0.0.0.");

    private ApiKey? Key(ParseResult result)
    {
        var (file, variable, isMade) = (result.GetValue(_keyFile), Environment.GetEnvironmentVariable(KeyVariable), result.GetValue(_makeKey));
        if (new[] { file is not null, !string.IsNullOrEmpty(variable), isMade }.Count(given => given) > 1)
        {
            throw new ConfigException($"--api-key-file, --generate-api-key and the variable {KeyVariable}: give one of them.");
        }

        var key = file is not null ? ApiKey.Read(file) : !string.IsNullOrEmpty(variable) ? ApiKey.Of(variable, KeyVariable) : isMade ? ApiKey.Generate() : null;
        return key is null && !IPAddress.IsLoopback(Address(result.GetValue(_host)!))
            ? throw new ConfigException($"--host {result.GetValue(_host)}: others reach this address, so the server needs a key: --api-key-file, the variable {KeyVariable}, or --generate-api-key.")
            : key;
    }

    private static void Refuse(params IReadOnlyList<string>[] problems)
    {
        if (problems.SelectMany(list => list).ToList() is { Count: > 0 } all)
        {
            throw new ConfigException(all);
        }
    }
}
