using Microsoft.AspNetCore.Routing;

namespace Flip.Server.Endpoints;

/// <summary>Endpoints of a server that it may have or not, such as a search in an index.</summary>
public interface IServerFeature
{
    /// <summary>Adds the endpoints. They are held to the server's key, limits of bodies and times, and their exceptions become problem details.</summary>
    void Map(IEndpointRouteBuilder routes);
}
