using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Flip.Io;
using Flip.Network;

namespace Flip.Conversion.Download;

/// <summary>What a server says of a failure, made fit for one line of a message.</summary>
internal static class ServerText
{
    private const int Longest = 300;
    private const int LongestBody = 1 << 14;

    /// <summary>Text of a stranger: no line breaks or other controls, not long.</summary>
    public static string OneLine(string text)
    {
        var line = new StringBuilder();
        foreach (var c in text.Trim().Take(Longest))
        {
            line.Append(char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c);
        }

        return line.ToString().Trim() + (text.Trim().Length > Longest ? "…" : string.Empty);
    }

    /// <summary>The reason that an answer gives: the hub's header, the <c>error</c> of a JSON body, or a body of plain text.</summary>
    public static async Task<string> OfAsync(HttpTransport transport, HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Headers.TryGetValues("X-Error-Message", out var values))
        {
            return OneLine(string.Join(' ', values));
        }

        try
        {
            var body = Encoding.UTF8.GetString(await transport.ReadAsync(response, LongestBody, cancellation));
            return response.Content.Headers.ContentType switch
            {
                { MediaType: "application/json" } => OneLine(ErrorOf(body)),
                { MediaType: "text/html" } => string.Empty,
                MediaTypeHeaderValue => OneLine(body),
                _ => string.Empty,
            };
        }
        catch (Exception e) when (e is TransientException or DownloadException or JsonException)
        {
            // A reason that does not come, is too long or is broken is none.
            return string.Empty;
        }
    }

    private static string ErrorOf(string body)
    {
        using var json = JsonDocument.Parse(JsonInput.Checked(body));
        return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("error", out var error)
            ? error.ToString()
            : string.Empty;
    }
}
